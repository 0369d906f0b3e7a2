"""Rules for the names of apps and stages, and the physical names made of them."""

from __future__ import annotations

import re

from sundog.errors import ConfigError, Location

LOCAL_STAGE = "local"
"""The stage that lives in the embedded cloud; the default of every command."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
MAX_APP_NAME = 40
MAX_STAGE_NAME = 30


class InvalidName(ConfigError):
    """A name of an app or a stage has characters that CloudFormation stack names cannot have.

    A stack is named `<stage>-<app>-<stack>`; CloudFormation allows letters, digits and hyphens and wants a letter first:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
    """

    code = "SD-CONFIG-002"


def check_name(what: str, name: str, longest: int, where: Location | str | None = None) -> str:
    """Return the name when CloudFormation can carry it.

    Args:
        what: `app` or `stage`, for the message.
        name: The name to check.
        longest: The largest number of characters.
        where: Where the user wrote it.

    Raises:
        InvalidName: The name has other characters, or too many.
    """
    if not _NAME.fullmatch(name):
        cleaned = re.sub(r"[^A-Za-z0-9-]+", "-", name).strip("-")
        cleaned = cleaned if _NAME.fullmatch(cleaned) else f"my-{cleaned}".rstrip("-")
        raise InvalidName(
            f"`{name}` cannot be the name of {'an' if what[0] in 'aeiou' else 'a'} {what}",
            where=where,
            why="names hold letters, digits and hyphens, and start with a letter",
            fix=f"call it `{cleaned[:longest]}`",
        )
    if len(name) > longest:
        raise InvalidName(
            f"the name of the {what} `{name}` has {len(name)} characters, {longest} is the most",
            where=where,
            why="stack names carry the stage and the app, and CloudFormation limits their length",
            fix=f"call it `{name[:longest].rstrip('-')}`",
        )
    return name


def stack_name(stage: str, app: str, stack: str) -> str:
    """Return the name of a stack in CloudFormation.

    Example:
        >>> stack_name("local", "notes", "storage")
        'local-notes-storage'
    """
    return f"{stage}-{app}-{stack}"
