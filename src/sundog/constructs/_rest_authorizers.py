"""Who may call the routes of a REST API: its authorizers, by the names that routes use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_apigateway as apigateway

from sundog.constructs._authorizers import (
    BUILT_IN,
    authorizer_function,
    cache_duration,
    checked_type,
    refuse_unknown_authorizer,
    user_pool,
)
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._settings import InvalidAuthorizer

_KEYS = {
    "user_pools": ("type", "user_pools", "cache", "identity_source"),
    "lambda_token": ("type", "function", "cache", "identity_source", "validation_regex"),
    "lambda_request": ("type", "function", "cache", "identity_sources"),
}
_NEEDED = {
    "user_pools": {"user_pools": '"user_pools": [users]'},
    "lambda_token": {"function": '"function": "functions/auth.check"'},
    "lambda_request": {"function": '"function": "functions/auth.check"'},
}
_BUILT_IN = {"none": apigateway.AuthorizationType.NONE, "iam": apigateway.AuthorizationType.IAM}
_BY_HEADER = "method.request.header.Authorization"


class RestAuthorizers:
    """The authorizers of a REST API, each made when a route first uses it: the CDK refuses one that none does."""

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
        self._given = given
        self._types = {
            name: checked_type(api, name, settings, _KEYS, _NEEDED) for name, settings in given.items()
        }
        self._made: dict[str, Any] = {}
        self._default = default or "none"
        self._scopes = scopes
        refuse_unknown_authorizer(api, "`authorizer`", self._default, (*BUILT_IN, *given))

    def options(self, what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return how the CDK wants to be told who may call a route.

        Args:
            what: The route, for messages.
            settings: Its `authorizer` and `scopes`, if it has any.
        """
        name = settings.get("authorizer", self._default)
        refuse_unknown_authorizer(self._api, what, name, (*BUILT_IN, *self._given))
        scopes = settings.get("scopes")
        takes_scopes = self._types.get(name) == "user_pools"
        if scopes and not takes_scopes:
            raise self._api.error(
                InvalidAuthorizer,
                f"{self._api.kind} `{self._api.id}`: {what} has `scopes` without a token that could carry them",
                why="scopes are of the authorizer `user_pools`",
                fix='remove `scopes`, or name such an authorizer: `"authorizer": "members"`',
            )
        if name in _BUILT_IN:
            return {"authorization_type": _BUILT_IN[name]}
        scopes = self._scopes if scopes is None and takes_scopes else scopes
        options = {"authorizer": self._authorizer(name)}
        return {**options, "authorization_scopes": list(scopes)} if scopes else options

    def _authorizer(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._make(name, self._types[name], self._given[name])
        return self._made[name]

    def _make(self, name: str, kind: str, settings: Mapping[str, Any]) -> Any:
        cache = cache_duration(self._api, name, settings.get("cache"))
        child_id = f"Authorizer_{name}"
        if kind == "user_pools":
            pools = [user_pool(self._api, name, pool) for pool in settings["user_pools"]]
            return apigateway.CognitoUserPoolsAuthorizer(
                self._api,
                child_id,
                cognito_user_pools=pools,
                results_cache_ttl=cache,
                identity_source=settings.get("identity_source"),
            )
        function = authorizer_function(self._api, self._functions, name, settings["function"])
        if kind == "lambda_token":
            return apigateway.TokenAuthorizer(
                self._api,
                child_id,
                handler=function.cdk.function,
                results_cache_ttl=cache,
                identity_source=settings.get("identity_source"),
                validation_regex=settings.get("validation_regex"),
            )
        return apigateway.RequestAuthorizer(
            self._api,
            child_id,
            handler=function.cdk.function,
            results_cache_ttl=cache,
            identity_sources=list(settings.get("identity_sources") or [_BY_HEADER]),
        )
