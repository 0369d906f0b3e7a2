"""CORS settings of APIs: which pages of other origins may call them from a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._routes import METHODS
from sundog.constructs._settings import one_of, refuse_unknown_settings
from sundog.constructs._values import DURATION_FORMS, seconds
from sundog.errors import ConstructError

_KEYS = (
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
)
_EVERYONE = {"allow_origins": ["*"], "allow_methods": ["ANY"], "allow_headers": ["*"]}


class InvalidCors(ConstructError):
    """`cors` is neither True, False nor a dictionary of settings."""

    code = "SD-API-003"


def cors_settings(
    api: SundogConstruct,
    given: bool | Mapping[str, Any],  # noqa: FBT001 - the caller's own argument
) -> dict[str, Any] | None:
    """Return an API's CORS settings, or None when it answers no page of another origin.

    The methods are words of `METHODS`, or the CDK's objects; `max_age` is a number of seconds, if it is there.

    Args:
        api: The API.
        given: Its `cors`.

    Raises:
        InvalidCors: It is something else, or has a setting that there is not.
    """
    if given is False:
        return None
    settings = _EVERYONE if given is True else given
    if not isinstance(settings, Mapping):
        raise api.error(
            InvalidCors,
            f"{api.kind} `{api.id}`: `cors` is `{given!r}`",
            why="`cors` is True, False or a dictionary",
            fix='write `cors={"allow_origins": ["https://example.com"]}`',
        )
    refuse_unknown_settings(api, InvalidCors, "`cors`", settings, _KEYS)
    found = {
        **settings,
        "allow_methods": [_method(api, one) for one in settings.get("allow_methods", ["ANY"])],
    }
    if settings.get("allow_credentials") and "*" in settings.get("allow_origins", []):
        raise api.error(
            InvalidCors,
            f"{api.kind} `{api.id}`: `cors` allows credentials to any origin",
            why="browsers refuse that, and so does API Gateway",
            fix='name the origins: `"allow_origins": ["https://example.com"]`',
        )
    if "max_age" in settings:
        found["max_age"] = seconds(settings["max_age"])
        if found["max_age"] is None:
            raise api.error(
                InvalidCors,
                f"{api.kind} `{api.id}`: `max_age` of `cors` is `{settings['max_age']}`",
                why=f"it is written as {DURATION_FORMS}",
                fix='write `"max_age": "1 hour"`',
            )
    return found


def _method(api: SundogConstruct, given: object) -> Any:
    name = "ANY" if given == "*" else given.upper() if isinstance(given, str) else given
    # The CDK's own objects are taken as they are.
    return one_of(api, InvalidCors, "method", name, METHODS) if isinstance(name, str) else name
