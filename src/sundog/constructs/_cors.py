"""CORS settings of APIs: which pages of other origins may call them from a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._routes import METHODS
from sundog.constructs._settings import one_of, refuse_unknown_settings
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.errors import ConstructError

_KEYS = (
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
)
_LISTS = _KEYS[:4]
_EVERYONE = {"allow_origins": ["*"], "allow_methods": ["ANY"], "allow_headers": ["*"]}
LONGEST_AGE_SECONDS = 86400
"""https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html and
https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html"""


class InvalidCors(ConstructError):
    """`cors` is neither True, False nor a dictionary of settings, or allows what browsers do not.

    `allow_origins` is `["*"]` unless it is there. Whoever allows credentials (cookies, `Authorization`) names the origins.
    """

    code = "SD-API-003"


def cors_settings(
    owner: SundogConstruct,
    given: bool | Mapping[str, Any],  # noqa: FBT001 - the caller's own argument
    *,
    kind: type[ConstructError] = InvalidCors,
    what: str = "`cors`",
    methods: Sequence[str] = METHODS,
) -> dict[str, Any] | None:
    """Return which pages of other origins may call something, or None when none may.

    The methods are words of `methods` or `ANY`, or the CDK's objects; `max_age` is a number of seconds, if it is there.

    Args:
        owner: The API or the function.
        given: Its `cors`.
        kind: The error to raise.
        what: The argument, for messages.
        methods: The methods that there are.

    Raises:
        InvalidCors: It is something else, or has a setting that there is not.
    """
    if given is False:
        return None
    settings = _EVERYONE if given is True else given
    if not isinstance(settings, Mapping):
        raise owner.error(
            kind,
            f"{owner.kind} `{owner.id}`: {what} is `{given!r}`",
            why="`cors` is True, False or a dictionary",
            fix='write `cors={"allow_origins": ["https://example.com"]}`',
        )
    refuse_unknown_settings(owner, kind, what, settings, _KEYS)
    found: dict[str, Any] = {"allow_origins": ["*"], "allow_methods": ["ANY"], **settings}
    for name in _LISTS:
        if name in found:
            found[name] = _listed(owner, kind, f"`{name}` of {what}", found[name])
    found["allow_methods"] = [_method(owner, kind, one, methods) for one in found["allow_methods"]]
    if found.get("allow_credentials") and "*" in found["allow_origins"]:
        raise owner.error(
            kind,
            f"{owner.kind} `{owner.id}`: {what} allows credentials to any origin",
            why="browsers take no such answer",
            fix='name the origins: `"allow_origins": ["https://example.com"]`',
        )
    if "max_age" in found:
        found["max_age"] = _max_age(owner, kind, what, found["max_age"])
    return found


def _listed(owner: SundogConstruct, kind: type[ConstructError], what: str, given: object) -> list[Any]:
    if isinstance(given, str):
        return [given]
    if not isinstance(given, (list, tuple)):
        raise owner.error(
            kind,
            f"{owner.kind} `{owner.id}`: {what} is `{given!r}`",
            why="it is a list of texts",
            fix='write it like `["https://example.com"]`',
        )
    return list(given)


def _method(owner: SundogConstruct, kind: type[ConstructError], given: object, methods: Sequence[str]) -> Any:
    if not isinstance(given, str) or is_token(given):
        # The CDK's own objects are taken as they are.
        return given
    return "ANY" if given in ("*", "ANY") else one_of(owner, kind, "method", given.upper(), methods)


def _max_age(owner: SundogConstruct, kind: type[ConstructError], what: str, given: object) -> float:
    value = given if is_token(given) else seconds(given)
    if value is None or (not is_token(value) and not 0 <= value <= LONGEST_AGE_SECONDS):  # type: ignore[operator]
        raise owner.error(
            kind,
            f"{owner.kind} `{owner.id}`: `max_age` of {what} is `{given}`",
            why=f"a browser may keep the answer for up to a day, written as {DURATION_FORMS}",
            fix='write `"max_age": "1 hour"`',
        )
    return float(value)  # type: ignore[arg-type]
