"""Authorizers that are functions, of any API: the function, and for how long its answer is remembered."""

from __future__ import annotations

from typing import Any

import aws_cdk

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._settings import InvalidAuthorizer
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.function import Function
from sundog.model.manifest import Trigger

LONGEST_CACHE_SECONDS = 3600
"""https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html"""


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
