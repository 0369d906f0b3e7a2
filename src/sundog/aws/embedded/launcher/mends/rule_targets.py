"""Rules and schedules call functions once, without Lambda's retries; targets that are log groups get nothing.

EventBridge invokes functions asynchronously (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html), and
what it cannot deliver at all goes to the target's dead-letter queue, which gets nothing either.
"""

from __future__ import annotations

import json
import time
from typing import Any

from ..function_logs import append_lines
from .queue_messages import send_message

MODULE = "ministack.services.eventbridge"
VERSIONS = frozenset({"1.5.33"})

_LOG_STREAM = "sundog-rules"


def mend(module: Any) -> None:
    """Deliver as EventBridge does."""
    original = module._invoke_target

    def invoke_target(target: dict[str, Any], event: Any, rule: Any, view: Any = None) -> None:
        arn = str(target.get("Arn", ""))
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        if service == "logs":
            payload = _payload(module, target, event, rule, view)
            append_lines(_log_group(arn), _LOG_STREAM, [payload], int(time.time() * 1000))
        elif service in {"lambda", "sqs"} and not _is_there(service, arn):
            _give_up(module, target, _payload(module, target, event, rule, view))
        else:
            original(target, event, rule, view)

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        from ministack.services import lambda_svc

        record, config, name = lambda_svc._get_func_record_for_ref(arn)
        if not record or not config:
            module.logger.warning("EventBridge: there is no function %s", name)
            return
        try:
            event = json.loads(payload)
        except ValueError:
            event = payload
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), event)

    module._invoke_target = invoke_target
    module._dispatch_to_lambda = dispatch_to_lambda


def _payload(module: Any, target: dict[str, Any], event: Any, rule: Any, view: Any) -> str:
    """Return what the target gets."""
    view = view or module._pattern_event_view(event)
    if target.get("InputTransformer"):
        return str(module._apply_input_transformer(target["InputTransformer"], rule, view))
    return str(target.get("Input") or json.dumps(view.event_with_detail()))


def _log_group(arn: str) -> str:
    return arn.rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")


def _is_there(service: str, arn: str) -> bool:
    if service == "lambda":
        from ministack.services import lambda_svc

        record, config, _name = lambda_svc._get_func_record_for_ref(arn)
        return bool(record and config)
    from ministack.services import sqs

    return sqs._queue_by_arn(arn) is not None


def _give_up(module: Any, target: dict[str, Any], payload: str) -> None:
    dead_letters = str((target.get("DeadLetterConfig") or {}).get("Arn", ""))
    attributes = {"ERROR_CODE": "NO_RESOURCE", "TARGET_ARN": str(target.get("Arn"))}
    if not dead_letters or not send_message(dead_letters, payload, attributes):
        module.logger.warning("EventBridge: there is no target %s", target.get("Arn"))
