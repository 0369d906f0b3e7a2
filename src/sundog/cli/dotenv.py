"""Files of `NAME=value` lines, as `.env` files are written: read for `sundog secret load`, written by `secret list --env`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sundog.errors import Location, UsageError

_NAME = r"[A-Za-z_][A-Za-z0-9_.-]*"
_LINE = re.compile(
    rf"""
    [ \t]*(?:export[ \t]+)?(?P<name>{_NAME})[ \t]*=[ \t]*
    (?:"(?P<double>(?:\\.|[^"\\])*)"|'(?P<single>[^']*)'|(?P<plain>[^\n]*?))
    [ \t]*(?:(?<=[ \t"'])\#[^\n]*)?(?:\n|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_EMPTY = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


class InvalidSecretsFile(UsageError):
    r"""A file for `sundog secret load` has a line that is not `NAME=value`, or cannot be read.

    A value with spaces at its ends, a `#` or several lines stands in quotes: single ones take everything as it is; in double
    ones `\n`, `\"` and `\\` mean a new line, a quote and a backslash.
    """

    code = "SD-USAGE-042"


class Assignment(NamedTuple):
    """One `NAME=value` of a file."""

    name: str
    value: str
    place: Location
    """Where it begins. The value is not in it."""


def parse_dotenv(text: str, file: str) -> dict[str, str]:
    """Return the values by name; the last of several counts.

    Raises:
        InvalidSecretsFile: A line is something else.
    """
    return {found.name: found.value for found in assignments(text, file)}


def assignments(text: str, file: str) -> Iterator[Assignment]:
    """Yield what a file assigns, in its order.

    Args:
        text: What the file holds.
        file: What to call it in messages.

    Raises:
        InvalidSecretsFile: A line is something else. The message has the line's number and not its text.
    """
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    place = 0
    while place < len(text):
        if empty := _EMPTY.match(text, place):
            place = empty.end()
            continue
        where = Location(file, text.count("\n", 0, place) + 1)
        line = _LINE.match(text, place)
        if line is None or (line["plain"] or "").startswith(('"', "'")):
            raise InvalidSecretsFile(
                "a line is not `NAME=value`",
                where=where,
                why=_reason(text[place:].partition("\n")[0]),
                fix="correct that line, or put `#` before it",
            )
        yield Assignment(line["name"], _value(line), where)
        place = line.end()


def _reason(line: str) -> str | None:
    name, equals, _ = line.partition("=")
    if not equals:
        return "it has no `=`"
    if not re.fullmatch(rf"\s*(?:export\s+)?{_NAME}\s*", name):
        return "a name starts with a letter, and has letters, digits and underscores"
    return "a quote that is opened must be closed, and nothing but a remark can follow"


def _value(line: re.Match[str]) -> str:
    if line["double"] is not None:
        return re.sub(
            r"\\(.)", lambda escape: _ESCAPED.get(escape[1], escape[1]), line["double"], flags=re.DOTALL
        )
    return line["single"] if line["single"] is not None else line["plain"]


def as_dotenv(name: str, value: str) -> str:
    """Return a line that `parse_dotenv` reads as the same name and value."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'{name}="{escaped}"'
