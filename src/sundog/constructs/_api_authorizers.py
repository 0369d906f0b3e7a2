"""Who may call the routes of an HTTP API: its authorizers, by the names that routes use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk
import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_authorizers as authorizers

from sundog.constructs._authorizers import (
    authorizer_function,
    cache_duration,
    checked_type,
    refuse_unknown_authorizer,
    user_pool,
)
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._settings import InvalidAuthorizer, one_of

_KEYS = {
    "jwt": ("type", "issuer", "audience", "identity_source"),
    "user_pool": ("type", "user_pool", "clients", "identity_source"),
    "lambda": ("type", "function", "response", "cache", "identity_source"),
}
_NEEDED = {
    "jwt": {"issuer": '"issuer": "https://example.com"', "audience": '"audience": ["notes"]'},
    "user_pool": {"user_pool": '"user_pool": users'},
    "lambda": {"function": '"function": "functions/auth.check"'},
}
_RESPONSES = {
    "simple": authorizers.HttpLambdaResponseType.SIMPLE,
    "iam": authorizers.HttpLambdaResponseType.IAM,
}


@dataclass(frozen=True, kw_only=True)
class _Authorizer:
    cdk: apigateway.IHttpRouteAuthorizer
    takes_scopes: bool


class ApiAuthorizers:
    """The authorizers of an HTTP API, each made when a route first uses it."""

    def __init__(
        self,
        api: SundogConstruct,
        functions: FunctionSet,
        given: Mapping[str, Mapping[str, Any]],
        *,
        default: str | None,
        scopes: Sequence[str] | None,
    ) -> None:
        """Check what the user gave.

        Args:
            api: The API.
            functions: Makes those authorizers that are functions.
            given: Settings by name.
            default: Name of the authorizer of routes that name none.
            scopes: What a token must carry one of, for routes that say nothing else.
        """
        self._api = api
        self._functions = functions
        self._default = default or "none"
        self._scopes = scopes
        self._by_name = {
            "none": _Authorizer(cdk=apigateway.HttpNoneAuthorizer(), takes_scopes=False),
            "iam": _Authorizer(cdk=authorizers.HttpIamAuthorizer(), takes_scopes=False),
        }
        for name, settings in given.items():
            self._by_name[name] = self._made(name, settings)
        self._named(self._default, "`authorizer`")

    def options(self, what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return how the CDK wants to be told who may call a route.

        Args:
            what: The route, for messages.
            settings: Its `authorizer` and `scopes`, if it has any.
        """
        found = self._named(settings.get("authorizer", self._default), what)
        scopes = settings.get("scopes")
        if scopes and not found.takes_scopes:
            raise self._api.error(
                InvalidAuthorizer,
                f"{self._api.kind} `{self._api.id}`: {what} has `scopes` without a token that could carry them",
                why="scopes are of the authorizers `jwt` and `user_pool`",
                fix='remove `scopes`, or name such an authorizer: `"authorizer": "members"`',
            )
        scopes = self._scopes if scopes is None and found.takes_scopes else scopes
        # Said even when it is none: a route that was protected must become open when the authorizer is taken away.
        options: dict[str, Any] = {"authorizer": found.cdk}
        return {**options, "authorization_scopes": list(scopes)} if scopes else options

    def _named(self, name: Any, what: str) -> _Authorizer:
        refuse_unknown_authorizer(self._api, what, name, self._by_name)
        return self._by_name[name]

    def _made(self, name: str, settings: Mapping[str, Any]) -> _Authorizer:
        kind = checked_type(self._api, name, settings, _KEYS, _NEEDED)
        if kind == "lambda":
            return _Authorizer(cdk=self._function(name, settings), takes_scopes=False)
        issuer, audience = (
            (settings["issuer"], settings["audience"]) if kind == "jwt" else self._user_pool(name, settings)
        )
        made = authorizers.HttpJwtAuthorizer(
            name,
            issuer,
            jwt_audience=[audience] if isinstance(audience, str) else list(audience),
            identity_source=_listed(settings.get("identity_source")),
        )
        return _Authorizer(cdk=made, takes_scopes=True)

    def _user_pool(self, name: str, settings: Mapping[str, Any]) -> tuple[str, list[str]]:
        given = settings["user_pool"]
        pool = user_pool(self._api, name, given)
        clients = settings.get("clients") or getattr(given, "client_ids", None)
        if not clients:
            raise self._api.error(
                InvalidAuthorizer,
                f"{self._api.kind} `{self._api.id}`: authorizer `{name}` has no `clients`",
                why="tokens of other apps that use the pool would be taken",
                fix='add `"clients": [client]`, a client of the pool or its id',
            )
        region = aws_cdk.Stack.of(pool).region
        ids = [str(getattr(client, "user_pool_client_id", client)) for client in clients]
        return f"https://cognito-idp.{region}.amazonaws.com/{pool.user_pool_id}", ids

    def _function(self, name: str, settings: Mapping[str, Any]) -> authorizers.HttpLambdaAuthorizer:
        function = authorizer_function(self._api, self._functions, name, settings["function"])
        response = one_of(
            self._api, InvalidAuthorizer, "response", settings.get("response", "simple"), list(_RESPONSES)
        )
        return authorizers.HttpLambdaAuthorizer(
            name,
            function.cdk.function,
            response_types=[_RESPONSES[response]],
            results_cache_ttl=cache_duration(self._api, name, settings.get("cache")),
            identity_source=_listed(settings.get("identity_source")),
        )


def _listed(given: str | Sequence[str] | None) -> list[str] | None:
    if given is None:
        return None
    return [given] if isinstance(given, str) else list(given)
