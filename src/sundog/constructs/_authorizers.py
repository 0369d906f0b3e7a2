"""What the authorizers of HTTP and REST APIs have in common: checked settings, functions, user pools, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

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


class Authorizers:
    """The authorizers of an API, by the names that routes use; each is made when it is first asked for."""

    keys: ClassVar[Mapping[str, Sequence[str]]]
    """The settings that there are, by type."""
    needed: ClassVar[Mapping[str, Mapping[str, str]]]
    """Those that must be there, with examples, by type."""
    with_scopes: ClassVar[Sequence[str]]
    """The types that look at tokens, which may carry scopes."""

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
        self._types = {name: self._type(name, settings) for name, settings in given.items()}
        self._made: dict[str, Any] = {}
        self._default = default or "none"
        self._scopes = scopes
        self._refuse_unknown("`authorizer`", self._default)

    def options(self, what: str, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Return how the CDK wants to be told who may call a route.

        Args:
            what: The route, for messages: "route `GET /notes`".
            settings: Its `authorizer` and `scopes`, if it has any.
        """
        name = settings.get("authorizer", self._default)
        self._refuse_unknown(what, name)
        scopes = settings.get("scopes")
        takes_scopes = self._types.get(name) in self.with_scopes
        if scopes and not takes_scopes:
            raise self._api.error(
                InvalidAuthorizer,
                f"{self._api.kind} `{self._api.id}`: {what} has `scopes` without a token that could carry them",
                why=f"the authorizers with tokens are of the type {' or '.join(f'`{one}`' for one in self.with_scopes)}",
                fix='remove `scopes`, or name such an authorizer: `"authorizer": "members"`',
            )
        # Said even when it is none: a route that was protected must become open when the authorizer is taken away.
        options = self.built_in(name) if name in BUILT_IN else {"authorizer": self.made(name)}
        scopes = self._scopes if scopes is None and takes_scopes else scopes
        return {**options, "authorization_scopes": list(scopes)} if scopes else options

    def built_in(self, name: str) -> dict[str, Any]:
        """Return how the CDK wants to be told of `none` and `iam`."""
        raise NotImplementedError

    def make(self, name: str, kind: str, settings: Mapping[str, Any]) -> Any:
        """Return the CDK's authorizer for settings that are complete."""
        raise NotImplementedError

    def made(self, name: str) -> Any:
        """Return the CDK's authorizer of a name, a new one if need be."""
        if name not in self._made:
            self._made[name] = self.make(name, self._types[name], self._given[name])
        return self._made[name]

    def _type(self, name: str, settings: Mapping[str, Any]) -> str:
        if name in BUILT_IN:
            raise self._api.error(
                InvalidAuthorizer,
                f"{self._api.kind} `{self._api.id}`: `{name}` cannot be the name of an authorizer",
                why="it is built in",
                fix=f"call it otherwise; a route has `{name}` without more ado",
            )
        kind = one_of(
            self._api, InvalidAuthorizer, "type of authorizer", settings.get("type"), list(self.keys)
        )
        what = f"authorizer `{name}`"
        refuse_unknown_settings(self._api, InvalidAuthorizer, what, settings, self.keys[kind])
        refuse_missing_settings(self._api, InvalidAuthorizer, what, settings, self.needed[kind])
        return kind

    def _refuse_unknown(self, what: str, name: object) -> None:
        known = [*BUILT_IN, *self._given]
        if name in known:
            return
        close = suggestion(str(name), known)
        raise self._api.error(
            InvalidAuthorizer,
            f"{self._api.kind} `{self._api.id}`: {what} asks for the authorizer `{name}`, which there is not",
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
