"""Taking a file of SQL apart: the Data API runs one statement at a time.

A semicolon ends a statement unless it stands in a text, a quoted name, a comment or, for Postgres, between dollar signs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

_TOKENS = {
    "postgres": re.compile(
        r"""(?P<comment>--[^\n]*|/\*.*?\*/)
        | (?P<text>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*"
            | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$)
        | (?P<end>;)""",
        re.VERBOSE | re.DOTALL,
    ),
    "mysql": re.compile(
        r"""(?P<comment>--[ \t\n][^\n]*|\#[^\n]*|/\*.*?\*/)
        | (?P<text>'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`]|``)*`)
        | (?P<end>;)""",
        re.VERBOSE | re.DOTALL,
    ),
}


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement of a file."""

    sql: str
    line: int
    """Of the file, where it begins."""
    first_words: str
    """In lower case: `create table`."""


def statements(text: str, engine: str) -> Iterator[Statement]:
    """Yield the statements of a file.

    Args:
        text: The file.
        engine: `postgres` or `mysql`: they quote differently.

    Example:
        >>> [one.sql for one in statements("select ';'; -- a;b", "postgres")]
        ["select ';'"]
    """
    begin = 0
    for token in _TOKENS[engine].finditer(text):
        if token.lastgroup == "end" or token["end"] is not None:
            yield from _statement(text, begin, token.start(), engine)
            begin = token.end()
    yield from _statement(text, begin, len(text), engine)


def _statement(text: str, begin: int, end: int, engine: str) -> Iterator[Statement]:
    body = text[begin:end]
    bare = _TOKENS[engine].sub(lambda token: " " * len(token[0]) if token["comment"] else token[0], body)
    words = bare.split()
    if not words:
        return
    lead = len(bare) - len(bare.lstrip())
    yield Statement(
        sql=body.strip(),
        line=text.count("\n", 0, begin + lead) + 1,
        first_words=" ".join(words[:2]).lower(),
    )
