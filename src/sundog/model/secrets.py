"""Where the values of secrets are kept: names of parameters in AWS Systems Manager, the same in every cloud.

    /sundog/<app>/<stage>/secrets/<name>        of one stage
    /sundog/<app>/.fallback/secrets/<name>      of every stage of the account and region that has none of its own

No stage can be named `.fallback`.
"""

from __future__ import annotations

import re

from sundog.errors import Location, UsageError

FALLBACK = ".fallback"
LONGEST_SECRET_BYTES = 8192
"""What an advanced parameter holds; up to 4,096 bytes a standard one does, which costs nothing.

https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

LONGEST_SECRET_NAME = 255
"""Of the 1,011 characters that Systems Manager allows, those of the ARN and the path included.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class InvalidSecretName(UsageError):
    """The name of a secret has characters that a construct's id cannot have, or too many.

    A secret is named by the id of its `Secret` in `app.py`: letters, digits, hyphens and underscores, a letter first.
    """

    code = "SD-USAGE-040"


class InvalidSecretValue(UsageError):
    """A value cannot be kept as a secret: it is empty, longer than Systems Manager keeps, or not text.

    Bytes that are no UTF-8 are kept in an encoding that is: `base64 key.bin | sundog secret set NAME`.
    """

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


def check_secret_name(name: str, where: Location | None = None) -> str:
    """Return a name that a secret can have.

    Args:
        name: The name.
        where: The line that a user wrote it on.

    Raises:
        InvalidSecretName: It has other characters, or too many.
    """
    if not _NAME.fullmatch(name):
        cleaned = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")
        cleaned = cleaned if _NAME.fullmatch(cleaned) else f"my_{cleaned}".rstrip("_")
        raise InvalidSecretName(
            f"`{name}` cannot be the name of a secret",
            where=where,
            why="names hold letters, digits, hyphens and underscores, and start with a letter",
            fix=f"call it `{cleaned[:LONGEST_SECRET_NAME]}`",
        )
    if len(name) > LONGEST_SECRET_NAME:
        raise InvalidSecretName(
            f"the name of the secret `{name[:40]}…` has {len(name)} characters, {LONGEST_SECRET_NAME} is the most",
            where=where,
            why="Systems Manager limits the names of parameters, which carry the app and the stage too",
            fix="choose a shorter name",
        )
    return name


def check_secret_value(name: str, value: str, where: Location | None = None) -> str:
    """Return a value that can be kept; no message of this function has it in it.

    Args:
        name: Of the secret.
        value: What it is to have.
        where: The line that a user wrote it on.

    Raises:
        InvalidSecretValue: It is empty, too long, or not text.
    """
    if not value:
        raise InvalidSecretValue(
            f"the value of the secret `{name}` is empty",
            where=where,
            why="Systems Manager keeps no empty values",
            fix=f"give it a value, or run `sundog secret remove {name}`",
        )
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise not_text(f"the value of the secret `{name}`") from error
    if size > LONGEST_SECRET_BYTES:
        raise InvalidSecretValue(
            f"the value of the secret `{name}` has {size:,} bytes, {LONGEST_SECRET_BYTES:,} is the most",
            where=where,
            why="Systems Manager keeps no longer ones",
            fix="keep it in AWS Secrets Manager or in a bucket, and the way to it in the secret",
        )
    return value


def not_text(what: str) -> InvalidSecretValue:
    """Return the error for bytes that are no text."""
    return InvalidSecretValue(
        f"{what} is not text",
        why="it is not UTF-8",
        fix="encode it, `base64 key.bin | sundog secret set NAME`, and decode it in the handler",
    )
