"""SSM: the parameter in which `cdk bootstrap` leaves its version."""

from __future__ import annotations

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused


async def parameter(connection: AwsConnection, name: str) -> str | None:
    """Return a parameter's value, or None when there is none of that name."""
    try:
        response = await connection.call("ssm", "get_parameter", Name=name)
    except RequestRefused as error:
        if error.aws_code == "ParameterNotFound":
            return None
        raise
    return str(response["Parameter"]["Value"])


async def put_parameter(connection: AwsConnection, name: str, value: str) -> None:
    """Write a plain parameter, over what was there."""
    await connection.call("ssm", "put_parameter", Name=name, Value=value, Type="String", Overwrite=True)
