"""What the mends of Cognito share: calling a trigger, and failing as Cognito fails when a trigger does."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeAlias

Pool: TypeAlias = dict[str, Any]
User: TypeAlias = dict[str, Any]
Answer: TypeAlias = Any
"""Status, headers and body, as the emulator's handlers return them."""

MODULE = "ministack.services.cognito"

_NAMES = {"TokenGeneration": "PreTokenGeneration"}
_in_api_call: ContextVar[bool] = ContextVar("in_cognito_api_call", default=False)


class TriggerFailed(BaseException):
    """A trigger's function raised, or answered nonsense.

    No `Exception`: the emulator turns any of those that a trigger causes into other answers, or forgets them.
    """

    def __init__(self, message: str, code: str = "UserLambdaValidationException") -> None:
        """Take the message and the code that the caller of the API sees."""
        super().__init__(message)
        self.code = code


def change_calls(module: Any, change: Callable[[Any, str, dict[str, Any]], Answer]) -> None:
    """Put code around each call of the user pool API, where its account and region are known already.

    A `TriggerFailed` inside ends the call.

    Args:
        module: The emulator's Cognito.
        change: Takes the emulator's handler, the name of the operation and its input, and returns the answer.
    """
    original = module._run_idp_handler

    def run(handler: Any, action: str, data: dict[str, Any]) -> Answer:
        def changed(given: dict[str, Any]) -> Answer:
            token = _in_api_call.set(True)
            try:
                return change(handler, action, given)
            except TriggerFailed as failure:
                return module.error_response_json(failure.code, str(failure), 400)
            finally:
                _in_api_call.reset(token)

        return original(changed, action, data)

    module._run_idp_handler = run


def in_api_call() -> bool:
    """Whether a call of the user pool API is being answered; sign-in pages come another way."""
    return _in_api_call.get()


def failure_of(event: Any, result: Any) -> TriggerFailed | None:
    """Return the failure that an invocation's result is, for a trigger's event; None for any other."""
    source = event.get("triggerSource") if isinstance(event, dict) else None
    if not source or not isinstance(result, dict) or not result.get("error"):
        return None
    name = str(source).partition("_")[0]
    body = result.get("body")
    message = body.get("errorMessage") if isinstance(body, dict) else body
    # The text is AWS's: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
    return TriggerFailed(f"{_NAMES.get(name, name)} failed with error {message}.")


def call_trigger(
    module: Any,
    pool: Pool,
    kind: str,
    source: str,
    *,
    username: str,
    client_id: str,
    request: dict[str, Any],
    response: dict[str, Any],
) -> dict[str, Any] | None:
    """Invoke a pool's function for a trigger and return the `response` that it wrote; None when there is none.

    Raises:
        TriggerFailed: It raised, or did not answer with the event.
    """
    arn = (pool.get("LambdaConfig") or {}).get(kind)
    if not arn:
        return None
    from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]

    record, config, _name = lambda_svc._get_func_record_for_ref(arn)
    if record is None or config is None:
        raise TriggerFailed(f"{kind} invocation failed: there is no {arn}.", "UnexpectedLambdaException")
    event = {
        "version": "1",
        "region": module._pool_region(pool["Id"]),
        "userPoolId": pool["Id"],
        "userName": username,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
        "triggerSource": source,
        "request": request,
        "response": response,
    }
    result = lambda_svc._execute_function_with_config_scope(
        lambda_svc._execution_record_for_config(record, config), event
    )
    failure = failure_of(event, result)
    if failure is not None:
        raise failure
    answered = module._extract_trigger_response(result.get("body"))
    if not isinstance(answered, dict):
        raise TriggerFailed("Unrecognizable lambda output", "InvalidLambdaResponseException")
    return answered


def attributes_of(module: Any, user: User) -> dict[str, Any]:
    """Return a user's attributes as triggers are given them."""
    found: dict[str, Any] = module._attr_list_to_dict(user.get("Attributes", []))
    return {"cognito:user_status": user.get("UserStatus", ""), **found}
