"""Where the values of secrets are kept: names of parameters in AWS Systems Manager, the same in every cloud.

    /sundog/<app>/<stage>/secrets/<name>        of one stage
    /sundog/<app>/.fallback/secrets/<name>      of every stage of the account and region that has none of its own

No stage can be named `.fallback`.
"""

from __future__ import annotations

import re

from sundog.errors import UsageError

FALLBACK = ".fallback"
LONGEST_SECRET_BYTES = 8192
"""What an advanced parameter holds; up to 4,096 bytes a standard one does, which costs nothing.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class InvalidSecretName(UsageError):
    """The name of a secret has characters that a construct's id cannot have.

    A secret is named by the id of its `Secret` in `app.py`: letters, digits, hyphens and underscores, a letter first.
    """

    code = "SD-USAGE-040"


class InvalidSecretValue(UsageError):
    """A value cannot be kept as a secret: it is empty, or longer than Systems Manager keeps."""

    code = "SD-USAGE-041"


def secrets_path(app: str, stage: str) -> str:
    """Return the path that all secrets of a stage lie below.

    Example:
        >>> secrets_path("notes", "prod")
        '/sundog/notes/prod/secrets'
    """
    return f"/sundog/{app}/{stage}/secrets"


def secret_parameter(app: str, stage: str, name: str) -> str:
    """Return the name of the parameter that holds a secret of a stage, or of the fallback."""
    return f"{secrets_path(app, stage)}/{name}"


def check_secret_name(name: str) -> str:
    """Return a name that a secret can have.

    Raises:
        InvalidSecretName: It has other characters.
    """
    if not _NAME.fullmatch(name):
        cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")
        cleaned = cleaned if _NAME.fullmatch(cleaned) else f"my_{cleaned}".rstrip("_")
        raise InvalidSecretName(
            f"`{name}` cannot be the name of a secret",
            why="names hold letters, digits, hyphens and underscores, and start with a letter",
            fix=f"call it `{cleaned}`",
        )
    return name


def check_secret_value(name: str, value: str) -> str:
    """Return a value that can be kept; no message of this function has it in it.

    Raises:
        InvalidSecretValue: It is empty or too long.
    """
    if not value:
        raise InvalidSecretValue(
            f"the value of the secret `{name}` is empty",
            why="Systems Manager keeps no empty values",
            fix=f"give it a value, or run `sundog secret remove {name}`",
        )
    size = len(value.encode("utf-8", "surrogatepass"))
    if size > LONGEST_SECRET_BYTES:
        raise InvalidSecretValue(
            f"the value of the secret `{name}` has {size:,} bytes, {LONGEST_SECRET_BYTES:,} is the most",
            why="Systems Manager keeps no longer ones",
            fix="keep it in AWS Secrets Manager or in a bucket, and the way to it in the secret",
        )
    return value
