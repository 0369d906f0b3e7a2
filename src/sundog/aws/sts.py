"""STS: temporary credentials of roles, for functions and for the roles of the CDK bootstrap."""

from __future__ import annotations

from sundog.aws.endpoint import AwsConnection
from sundog.model.functions import Credentials

RENEW_BEFORE_SECONDS = 300.0
"""Renew this long before the end, as the SDKs do."""


async def role_credentials(connection: AwsConnection, role_arn: str, session_name: str) -> Credentials:
    """Return fresh credentials of a role, valid for an hour.

    Raises:
        AccessDenied: The role does not trust the caller.
        AwsError: STS failed.
    """
    response = await connection.call(
        "sts", "assume_role", RoleArn=role_arn, RoleSessionName=session_name[:64]
    )
    found = response["Credentials"]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
        expires_at=found["Expiration"].timestamp(),
    )
