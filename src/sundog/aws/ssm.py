"""SSM: the parameters of the CDK bootstrap, and the ones that hold secrets."""

from __future__ import annotations

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused

_MOST_NAMES = 10
"""In one request: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


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


async def put_secret(connection: AwsConnection, name: str, value: str) -> None:
    """Write an encrypted parameter, over what was there; an advanced one only when the value is long."""
    await connection.call(
        "ssm",
        "put_parameter",
        Name=name,
        Value=value,
        Type="SecureString",
        Overwrite=True,
        Tier="Intelligent-Tiering",
    )


async def decrypted(connection: AwsConnection, names: list[str]) -> dict[str, str]:
    """Return the values of the parameters that exist, by name."""
    found: dict[str, str] = {}
    for first in range(0, len(names), _MOST_NAMES):
        some = names[first : first + _MOST_NAMES]
        response = await connection.call("ssm", "get_parameters", Names=some, WithDecryption=True)
        found |= {one["Name"]: one["Value"] for one in response["Parameters"]}
    return found


async def decrypted_below(connection: AwsConnection, path: str) -> dict[str, str]:
    """Return the values of all parameters directly below a path, by the last part of their names."""
    found: dict[str, str] = {}
    page: dict[str, str] = {}
    while True:
        response = await connection.call(
            "ssm", "get_parameters_by_path", Path=path, WithDecryption=True, **page
        )
        found |= {one["Name"].rpartition("/")[2]: one["Value"] for one in response["Parameters"]}
        if not response.get("NextToken"):
            return found
        page = {"NextToken": response["NextToken"]}


async def delete_parameter(connection: AwsConnection, name: str) -> bool:
    """Delete a parameter; say whether there was one."""
    try:
        await connection.call("ssm", "delete_parameter", Name=name)
    except RequestRefused as error:
        if error.aws_code == "ParameterNotFound":
            return False
        raise
    return True
