"""What the settings that users write as dictionaries have in common: known keys, and values out of a few."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import article, listed
from sundog.constructs._values import is_token
from sundog.errors import ConstructError, suggestion


class InvalidAuthorizer(ConstructError):
    """An authorizer of an `Api` or a `RestApi` is not one, or a route names one that there is not.

    `authorizers` are settings by name, and routes use the names: `{"members": {"type": "jwt", …}}` and
    `"GET /notes": {"handler": "functions/notes.list_notes", "authorizer": "members"}`. `"none"` and `"iam"` need no settings.
    """

    code = "SD-API-006"


class InvalidThrottle(ConstructError):
    """`throttle` is not the most requests that an API takes, a second (`rate`) and at once (`burst`).

    An account has limits of its own, which hold beside it:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """

    code = "SD-API-008"


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


def throttle_settings(
    construct: SundogConstruct, given: Mapping[str, float], *, what: str = "`throttle`"
) -> dict[str, Any]:
    """Return the limits `rate` and `burst` of an API or a route, as far as the user sets them.

    Args:
        construct: The API.
        given: What the user wrote.
        what: The setting, for messages.

    Raises:
        InvalidThrottle: There are other keys, or a limit is not a number.
    """
    if not isinstance(given, Mapping) or not given:
        raise construct.error(
            InvalidThrottle,
            f"{construct.kind} `{construct.id}`: {what} is `{given!r}`",
            why="it is a dictionary with `rate`, `burst` or both",
            fix='write `throttle={"rate": 100, "burst": 200}`',
        )
    refuse_unknown_settings(construct, InvalidThrottle, what, given, ("rate", "burst"))
    for name, value in given.items():
        whole = name == "burst"
        if is_token(value):
            continue
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value < 0:
            raise construct.error(
                InvalidThrottle,
                f"{construct.kind} `{construct.id}`: `{name}` of {what} is `{value!r}`",
                why="it is a whole number of requests" if whole else "it is a number of requests a second",
                fix=f'write `"{name}": 100`',
            )
    return dict(given)
