"""The apps that sign users in to a user pool, and the settings of Cognito that are durations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import aws_cdk
import aws_cdk.aws_cognito as cognito

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._values import DURATION_FORMS, seconds
from sundog.errors import ConstructError

_DURATIONS = (
    "access_token_validity",
    "id_token_validity",
    "refresh_token_validity",
    "auth_session_validity",
    "temp_password_validity",
)


def create_client(
    owner: SundogConstruct,
    child_id: str,
    pool: cognito.IUserPool,
    settings: Mapping[str, Any],
    *,
    triggers: Collection[str],
) -> cognito.UserPoolClient:
    """Make a client.

    Args:
        owner: The construct that it belongs to.
        child_id: Its id there.
        pool: The user pool.
        settings: The user's: properties of the CDK's client, with durations as sundog takes them.
        triggers: Names of the pool's triggers, which decide what flows make sense.
    """
    own: dict[str, Any] = {
        "auth_flows": cognito.AuthFlow(
            user_srp=True,
            # Only with the password itself can another directory be asked whether it is right.
            user_password="user_migration" in triggers,
            custom="define_auth_challenge" in triggers,
        ),
        # The CDK would otherwise allow sign-in pages to send tokens to https://example.com.
        "disable_o_auth": "o_auth" not in settings,
        # Whether an address has an account is nobody's business.
        "prevent_user_existence_errors": True,
    }
    return cognito.UserPoolClient(owner, child_id, user_pool=pool, **{**own, **settings})


def with_durations(
    owner: SundogConstruct, kind: type[ConstructError], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return settings in which durations are the CDK's.

    Args:
        owner: What is being configured.
        kind: The error to raise for one that is no duration.
        settings: The user's.
    """
    changed = dict(settings)
    for name in _DURATIONS:
        if name not in changed or isinstance(changed[name], aws_cdk.Duration):
            continue
        value = seconds(changed[name])
        if value is None:
            raise owner.error(
                kind,
                f"{owner.kind} `{owner.id}`: `{name}` is `{changed[name]}`",
                why=f"a duration is {DURATION_FORMS}",
                fix='write `"1 hour"`',
            )
        changed[name] = aws_cdk.Duration.seconds(value)
    return changed
