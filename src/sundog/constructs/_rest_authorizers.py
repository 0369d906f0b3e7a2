"""Who may call the routes of a REST API: its authorizers, by the names that routes use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_apigateway as apigateway

from sundog.constructs._authorizers import (
    Authorizers,
    authorizer_function,
    cache_duration,
    user_pool,
)

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


class RestAuthorizers(Authorizers):
    """The authorizers of a REST API: the CDK refuses one that no route uses, so each is made for the first that does."""

    keys = _KEYS
    needed = _NEEDED
    with_scopes = ("user_pools",)

    def built_in(self, name: str) -> dict[str, Any]:
        """Return how the CDK wants to be told of `none` and `iam`."""
        return {"authorization_type": _BUILT_IN[name]}

    def make(self, name: str, kind: str, settings: Mapping[str, Any]) -> Any:
        """Return the CDK's authorizer for settings that are complete."""
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
