"""A custom resource whose function crashes hangs its stack for an hour.

AWS waits as long, because the function may still answer. Here nobody else can: the function has ended, with an error and
without an answer.
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.lambda_svc"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Answer for it."""
    original = module._execute_function_with_config_scope

    def execute(func: dict[str, Any], event: Any) -> Any:
        result = original(func, event)
        if (
            isinstance(event, dict)
            and event.keys() >= {"RequestType", "ResponseURL", "StackId"}
            and result.get("error")
        ):
            _answer_for(event, result)
        return result

    module._execute_function_with_config_scope = execute


def _answer_for(event: dict[str, Any], result: dict[str, Any]) -> None:
    from ministack.services.cloudformation import custom_resource

    token = event["ResponseURL"].rpartition("/")[2]
    with custom_resource._lock:
        pending = custom_resource._pending.get(token)
    if pending is None or pending["event"].is_set():
        return
    body = result.get("body")
    message = body.get("errorMessage") if isinstance(body, dict) else body
    reason = f"The custom resource's function failed: {message}"
    custom_resource.deliver_response(token, {"Status": "FAILED", "Reason": reason})
