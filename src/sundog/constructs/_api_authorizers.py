"""Who may call the routes of an HTTP API: its authorizers, by the names that routes use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_authorizers as authorizers

from sundog.constructs._authorizers import (
    Authorizers,
    authorizer_function,
    cache_duration,
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


class ApiAuthorizers(Authorizers):
    """The authorizers of an HTTP API."""

    keys = _KEYS
    needed = _NEEDED
    with_scopes = ("jwt", "user_pool")

    def __init__(
        self,
        api: SundogConstruct,
        functions: FunctionSet,
        given: Mapping[str, Mapping[str, Any]],
        **of_routes: Any,
    ) -> None:
        """Check what the user gave, and make all of them: the CDK puts those that a route uses into the template."""
        super().__init__(api, functions, given, **of_routes)
        self._built_in = {
            "none": apigateway.HttpNoneAuthorizer(),
            "iam": authorizers.HttpIamAuthorizer(),
        }
        for name in given:
            self.made(name)

    def built_in(self, name: str) -> dict[str, Any]:
        """Return how the CDK wants to be told of `none` and `iam`."""
        return {"authorizer": self._built_in[name]}

    def make(self, name: str, kind: str, settings: Mapping[str, Any]) -> apigateway.IHttpRouteAuthorizer:
        """Return the CDK's authorizer for settings that are complete."""
        if kind == "lambda":
            return self._function(name, settings)
        issuer, audience = (
            (settings["issuer"], settings["audience"]) if kind == "jwt" else self._user_pool(name, settings)
        )
        return authorizers.HttpJwtAuthorizer(
            name,
            issuer,
            jwt_audience=[audience] if isinstance(audience, str) else list(audience),
            identity_source=_listed(settings.get("identity_source")),
        )

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
