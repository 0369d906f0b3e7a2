"""What the settings that users write as dictionaries have in common: known keys, and values out of a few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import article, listed
from sundog.errors import ConstructError, suggestion


def refuse_unknown_settings(
    construct: SundogConstruct,
    kind: type[ConstructError],
    what: str,
    given: Iterable[object],
    known: Sequence[str],
) -> None:
    """Refuse a dictionary with a key that is not a setting.

    Args:
        construct: What is being configured.
        kind: The error to raise.
        what: The argument or part that the dictionary was given for, as messages name it.
        given: The keys.
        known: The settings that there are.
    """
    for key in given:
        if key not in known:
            close = suggestion(str(key), known)
            raise construct.error(
                kind,
                f"{construct.kind} `{construct.id}`: {what} has no setting `{key}`",
                why=f"the settings are {listed(known)}",
                fix=f"write `{close}`" if close else f"remove `{key}`",
            )


def refuse_missing_settings(
    construct: SundogConstruct,
    kind: type[ConstructError],
    what: str,
    given: Mapping[str, Any],
    needed: Mapping[str, str],
) -> None:
    """Refuse a dictionary without a setting that is needed.

    Args:
        construct: What is being configured.
        kind: The error to raise.
        what: The argument or part that the dictionary was given for, as messages name it.
        given: The settings.
        needed: The settings that must be there, each with an example of it.
    """
    for key, example in needed.items():
        if given.get(key) in (None, "", [], ()):
            raise construct.error(
                kind,
                f"{construct.kind} `{construct.id}`: {what} has no `{key}`",
                why="there is no default for it",
                fix=f"add `{example}`",
            )


def one_of(
    construct: SundogConstruct, kind: type[ConstructError], what: str, value: object, choices: Sequence[str]
) -> str:
    """Return a value that must be one of a few words.

    Args:
        construct: What is being configured.
        kind: The error to raise.
        what: What the value is, as a noun: `method`.
        value: What the user wrote.
        choices: The words.
    """
    if isinstance(value, str) and value in choices:
        return value
    close = suggestion(str(value), choices)
    raise construct.error(
        kind,
        f"{construct.kind} `{construct.id}`: `{value}` is not {article(what)}",
        why=f"the choices are {listed(choices)}",
        fix=f"write `{close}`" if close else "write one of them",
    )
