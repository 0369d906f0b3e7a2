"""A GraphQL field whose function fails is answered with data instead of an error, and one that returns a list fails.

AppSync answers `null` for the field and lists the error's message beside the data:
https://docs.aws.amazon.com/appsync/latest/devguide/tutorial-lambda-resolvers.html
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any

MODULE = "ministack.services.appsync"
VERSIONS = frozenset({"1.5.33"})

_result: ContextVar[Any] = ContextVar("result")
"""What the function that the resolver invokes has come to."""


def mend(module: Any) -> None:
    """Take the function's own answer, whatever JSON it is, and raise its error."""
    original = module._resolve_lambda
    watched: list[Any] = []

    def resolve(api_id: str, *arguments: Any, **named: Any) -> Any:
        if not watched:
            # The module is imported when a resolver first invokes; not earlier for our sake.
            from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]

            watched.append(_watch(lambda_svc))
        token = _result.set(None)
        try:
            answer = original(api_id, *arguments, **named)
            result = _result.get()
        finally:
            _result.reset(token)
        if not isinstance(result, dict):
            # No function was invoked: it does not exist.
            return answer
        body = _parsed(result.get("body"))
        if result.get("error"):
            failure = body if isinstance(body, dict) else {}
            message = str(failure.get("errorMessage") or "Lambda execution error")
            kind = f"Lambda:{result.get('function_error') or 'Unhandled'}"
            raise module._AppSyncResolverError(message, kind)
        return body

    module._resolve_lambda = resolve


def _watch(lambda_service: Any) -> Any:
    execute = lambda_service._execute_function_with_config_scope

    def watched(*arguments: Any, **named: Any) -> Any:
        result = execute(*arguments, **named)
        _result.set(result)
        return result

    lambda_service._execute_function_with_config_scope = watched
    return watched


def _parsed(body: Any) -> Any:
    if not isinstance(body, (str, bytes)):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body
