"""A trigger of a user pool that fails: pre-token-generation is ignored, the others answer with a raw invocation result.

Cognito ends the call with `UserLambdaValidationException` and "PreSignUp failed with error …":
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

from typing import Any

from .cognito import MODULE as COGNITO
from .cognito import Answer, change_calls, failure_of, in_api_call

MODULE = COGNITO
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Raise where the function is executed, for the call to end with."""
    watched: list[Any] = []

    def answer(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        del action
        if not watched:
            # Lambda is imported when a trigger is first called; not earlier for our sake.
            watched.append(_watch_executions())
        return handler(data)

    change_calls(module, answer)


def _watch_executions() -> Any:
    from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]

    original = lambda_svc._execute_function

    def execute(func: dict[str, Any], event: Any) -> Any:
        result = original(func, event)
        failure = failure_of(event, result) if in_api_call() else None
        if failure is not None:
            raise failure
        return result

    lambda_svc._execute_function = execute
    return execute
