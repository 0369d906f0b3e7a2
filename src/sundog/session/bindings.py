"""The environment in which a program other than a function uses what is bound to functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.model.functions import Credentials, DeployedFunction
from sundog.model.project import Project

_OURS = "SUNDOG_RESOURCE_"


class BoundEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """Variables for a program, and what was to be said about them."""

    variables: dict[str, str]
    conflicts: tuple[str, ...] = ()
    """Names of variables of which functions have different values; the first function's is used."""


def union_of_bindings(functions: Iterable[DeployedFunction]) -> BoundEnvironment:
    """Return the bindings of all functions together.

    Two resources of different kinds may have the same id, and so the same variable in two functions.
    """
    variables: dict[str, str] = {}
    conflicts: list[str] = []
    for function in functions:
        for name, value in function.environment.items():
            if not name.startswith(_OURS):
                continue
            if variables.setdefault(name, value) != value and name not in conflicts:
                conflicts.append(name)
    return BoundEnvironment(variables=variables, conflicts=tuple(conflicts))


def connection_variables(
    project: Project, connection: AwsConnection, credentials: Credentials | None = None
) -> dict[str, str]:
    """Return the variables that lead AWS clients of a program to a stage's cloud.

    Args:
        project: Of the app.
        connection: The way to the stage.
        credentials: A function's; for a local stage those that the embedded cloud accepts when not given.
    """
    variables = {
        "AWS_REGION": connection.region,
        "AWS_DEFAULT_REGION": connection.region,
        "SUNDOG_STAGE": connection.stage.name,
        "SUNDOG_APP": project.settings.name,
    }
    if connection.endpoint_url is not None:
        variables["AWS_ENDPOINT_URL"] = connection.endpoint_url
    chosen = credentials or connection.credentials
    if chosen is not None:
        variables["AWS_ACCESS_KEY_ID"] = chosen.access_key_id
        variables["AWS_SECRET_ACCESS_KEY"] = chosen.secret_access_key
        if chosen.session_token:
            variables["AWS_SESSION_TOKEN"] = chosen.session_token
    elif connection.profile is not None:
        variables["AWS_PROFILE"] = connection.profile
    return variables


CREDENTIAL_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
)
"""What says who a program is: none of the caller's may be left when it is to be somebody else."""


def with_variables(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Lay variables over an environment; where they say who the program is, nothing else of it says so."""
    replaced = CREDENTIAL_VARIABLES if "AWS_ACCESS_KEY_ID" in variables or "AWS_PROFILE" in variables else ()
    return {name: value for name, value in environ.items() if name not in replaced} | dict(variables)
