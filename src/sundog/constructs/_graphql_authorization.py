"""Who may call a GraphQL API: the ways that callers may show who they are, the first of which fields take by default."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_appsync as appsync

from sundog.constructs._authorizers import authorizer_function, cache_duration, user_pool
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._settings import (
    InvalidAuthorizer,
    one_of,
    refuse_missing_settings,
    refuse_unknown_settings,
)

_KEYS: dict[str, tuple[str, ...]] = {
    "api_key": ("type", "expires"),
    "iam": ("type",),
    "user_pool": ("type", "user_pool"),
    "jwt": ("type", "issuer", "audience"),
    "lambda": ("type", "function", "cache", "validation_regex"),
}
_NEEDED = {
    "user_pool": {"user_pool": '"user_pool": users'},
    "jwt": {"issuer": '"issuer": "https://example.com"'},
    "lambda": {"function": '"function": "functions/auth.check"'},
}


def authorization_of(
    api: SundogConstruct, functions: FunctionSet, given: Sequence[str | Mapping[str, Any]]
) -> appsync.AuthorizationConfig:
    """Return how the CDK wants to be told who may call an API.

    Args:
        api: The API.
        functions: Makes an authorizer that is a function.
        given: Its `authorizers`.
    """
    if isinstance(given, (str, Mapping)) or not given:
        raise api.error(
            InvalidAuthorizer,
            f"{api.kind} `{api.id}`: `authorizers` is `{given!r}`",
            why="it is a list, whose first is the one that fields take by default",
            fix='write `authorizers=["api_key"]`',
        )
    first, *others = [_mode(api, functions, one) for one in given]
    return appsync.AuthorizationConfig(
        default_authorization=first, additional_authorization_modes=others or None
    )


def _mode(
    api: SundogConstruct, functions: FunctionSet, given: str | Mapping[str, Any]
) -> appsync.AuthorizationMode:
    settings: Mapping[str, Any] = {"type": given} if isinstance(given, str) else given
    kind = one_of(api, InvalidAuthorizer, "authorizer", settings.get("type"), list(_KEYS))
    what = f"authorizer `{kind}`"
    refuse_unknown_settings(api, InvalidAuthorizer, what, settings, _KEYS[kind])
    refuse_missing_settings(api, InvalidAuthorizer, what, settings, _NEEDED.get(kind, {}))
    types = appsync.AuthorizationType
    if kind == "user_pool":
        pool = appsync.UserPoolConfig(user_pool=user_pool(api, kind, settings["user_pool"]))
        return appsync.AuthorizationMode(authorization_type=types.USER_POOL, user_pool_config=pool)
    if kind == "jwt":
        provider = appsync.OpenIdConnectConfig(
            oidc_provider=settings["issuer"], client_id=settings.get("audience")
        )
        return appsync.AuthorizationMode(authorization_type=types.OIDC, open_id_connect_config=provider)
    if kind == "lambda":
        function = authorizer_function(api, functions, "lambda", settings["function"])
        config = appsync.LambdaAuthorizerConfig(
            handler=function.cdk.function,
            results_cache_ttl=cache_duration(api, kind, settings.get("cache")),
            validation_regex=settings.get("validation_regex"),
        )
        return appsync.AuthorizationMode(authorization_type=types.LAMBDA, lambda_authorizer_config=config)
    if kind == "iam":
        return appsync.AuthorizationMode(authorization_type=types.IAM)
    expires = _expiration(api, settings.get("expires"))
    key = None if expires is None else appsync.ApiKeyConfig(expires=expires)
    return appsync.AuthorizationMode(authorization_type=types.API_KEY, api_key_config=key)


def _expiration(api: SundogConstruct, given: Any) -> aws_cdk.Expiration | None:
    """Return when a key expires. A day, not a duration: the same app must give the same template tomorrow."""
    if given is None:
        return None
    try:
        day = given if isinstance(given, dt.date) else dt.date.fromisoformat(given)
    except (TypeError, ValueError):
        raise api.error(
            InvalidAuthorizer,
            f"{api.kind} `{api.id}`: `expires` of authorizer `api_key` is `{given}`",
            why="it is a day, at most 365 days from now; without one AppSync takes 7 days",
            fix='write `"expires": "2027-06-30"`',
        ) from None
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC)
    return aws_cdk.Expiration.at_timestamp(midnight.timestamp() * 1000)
