"""What the authorizers of HTTP and REST APIs have in common: checked settings, functions, user pools, names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import aws_cdk

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._registry import listed
from sundog.constructs._settings import (
    InvalidAuthorizer,
    one_of,
    refuse_missing_settings,
    refuse_unknown_settings,
)
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.function import Function
from sundog.errors import suggestion
from sundog.model.manifest import Trigger

BUILT_IN = ("none", "iam")
LONGEST_CACHE_SECONDS = 3600
"""https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"""


def checked_type(
    api: SundogConstruct,
    name: str,
    settings: Mapping[str, Any],
    keys: Mapping[str, Sequence[str]],
    needed: Mapping[str, Mapping[str, str]],
) -> str:
    """Return the type of an authorizer whose settings are complete.

    Args:
        api: The API.
        name: What the user calls the authorizer.
        settings: What the user gave.
        keys: The settings that there are, by type.
        needed: Those that must be there, with examples, by type.
    """
    if name in BUILT_IN:
        raise api.error(
            InvalidAuthorizer,
            f"{api.kind} `{api.id}`: `{name}` cannot be the name of an authorizer",
            why="it is built in",
            fix=f"call it otherwise; a route has `{name}` without more ado",
        )
    kind = one_of(api, InvalidAuthorizer, "type of authorizer", settings.get("type"), list(keys))
    what = f"authorizer `{name}`"
    refuse_unknown_settings(api, InvalidAuthorizer, what, settings, keys[kind])
    refuse_missing_settings(api, InvalidAuthorizer, what, settings, needed[kind])
    return kind


def refuse_unknown_authorizer(api: SundogConstruct, what: str, name: object, known: Iterable[str]) -> None:
    """Refuse a name that no authorizer has.

    Args:
        api: The API.
        what: What asks for it, for messages: "route `GET /notes`".
        name: What the user wrote.
        known: The names.
    """
    known = list(known)
    if name in known:
        return
    close = suggestion(str(name), known)
    raise api.error(
        InvalidAuthorizer,
        f"{api.kind} `{api.id}`: {what} asks for the authorizer `{name}`, which there is not",
        why=f"the authorizers are {listed(known)}",
        fix=f"write `{close}`" if close else "add it to `authorizers`, and name it by its key",
    )


def authorizer_function(
    api: SundogConstruct, functions: FunctionSet, name: str, definition: object
) -> Function:
    """Return the function that decides who may call an API.

    Args:
        api: The API.
        functions: Makes it.
        name: What the user calls the authorizer.
        definition: A handler, settings or a `Function`.
    """
    function = functions.function(name, definition, what=f"authorizer `{name}`")
    label = f"authorizer {name} of {api.id}"
    function.triggers.append(Trigger(kind="authorizer", label=label, resource=api.path))
    return function


def user_pool(api: SundogConstruct, name: str, given: Any) -> Any:
    """Return the CDK's user pool that an authorizer names, from one of sundog's or the CDK's own."""
    pool = given.grants if isinstance(given, SundogConstruct) and hasattr(given, "grants") else given
    if not hasattr(pool, "user_pool_id"):
        raise api.error(
            InvalidAuthorizer,
            f"{api.kind} `{api.id}`: the user pool of authorizer `{name}` is `{type(given).__name__}`",
            why="it is a construct, of sundog or the CDK",
            fix='hand in the construct, or `cognito.UserPool.from_user_pool_id(stack, "users", "…")`',
        )
    return pool


def cache_duration(api: SundogConstruct, name: str, given: Any) -> aws_cdk.Duration:
    """Return for how long an authorizer's answer holds for the same caller: not at all, unless the user says so.

    A remembered answer is for every route of the API, also when the function looked at only one.
    """
    value = 0.0 if given is None else given if is_token(given) else seconds(given)
    if value is None or (not is_token(value) and not 0 <= value <= LONGEST_CACHE_SECONDS):
        raise api.error(
            InvalidAuthorizer,
            f"{api.kind} `{api.id}`: `cache` of authorizer `{name}` is `{given}`",
            why=f"API Gateway remembers for 0 to {LONGEST_CACHE_SECONDS} seconds, written as {DURATION_FORMS}",
            fix='write `"cache": "5 minutes"`',
        )
    return aws_cdk.Duration.seconds(value)
