"""Rules and schedules call functions once, without Lambda's retries; log groups and streams get nothing, nor do dead letters.

EventBridge invokes functions asynchronously (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html), and
what it cannot deliver at all goes to the target's dead-letter queue, without a retry when the target is not there:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Callable
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
        view = view or module._pattern_event_view(event)
        service = arn.split(":")[2] if arn.count(":") >= 5 else ""
        is_there = IS_THERE.get(service)
        if is_there is not None and not is_there(arn):
            _give_up(module, target, event, rule, view)
        elif service in _MORE_TARGETS:
            _MORE_TARGETS[service](target, view.event_with_detail(), _payload(module, target, rule, view))
        else:
            original(target, event, rule, view)

    def dispatch_to_lambda(arn: str, payload: str) -> None:
        from ministack.services import lambda_svc

        record, config, _name = lambda_svc._get_func_record_for_ref(arn)
        try:
            event = json.loads(payload)
        except ValueError:
            event = payload
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(record, config), event)

    module._invoke_target = invoke_target
    module._dispatch_to_lambda = dispatch_to_lambda


def _payload(module: Any, target: dict[str, Any], rule: Any, view: Any) -> str:
    """Return what the target gets."""
    if target.get("InputTransformer"):
        return str(module._apply_input_transformer(target["InputTransformer"], rule, view))
    if target.get("Input"):
        return str(target["Input"])
    event = view.event_with_detail()
    if target.get("InputPath"):
        from .pipe_input import MISSING, at_path

        found = at_path(str(target["InputPath"]), event)
        return json.dumps(event if found is MISSING else found)
    return json.dumps(event)


def _log_group(arn: str) -> str:
    return arn.rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")


def _has_function(arn: str) -> bool:
    from ministack.services import lambda_svc

    record, config, _name = lambda_svc._get_func_record_for_ref(arn)
    return bool(record and config)


def _has_queue(arn: str) -> bool:
    from ministack.services import sqs

    return sqs._queue_by_arn(arn) is not None


def _has_topic(arn: str) -> bool:
    from ministack.services import sns

    return sns._topic_by_arn_any_scope(arn) is not None


def _has_bus(arn: str) -> bool:
    from ministack.services import eventbridge

    if ":api-destination/" in arn:
        return arn.split("/")[1] in eventbridge._api_destinations
    return arn.rpartition("/")[2] in eventbridge._event_buses


def _has_state_machine(arn: str) -> bool:
    from ministack.services import stepfunctions

    return stepfunctions._resolve_state_machine_arn(arn) is not None


def _has_log_group(arn: str) -> bool:
    from ministack.services import cloudwatch_logs

    return _log_group(arn) in cloudwatch_logs._log_groups


def _has_stream(arn: str) -> bool:
    from ministack.services import kinesis

    return arn.rpartition("/")[2] in kinesis._streams


IS_THERE: dict[str, Callable[[str], bool]] = {
    "lambda": _has_function,
    "sqs": _has_queue,
    "sns": _has_topic,
    "events": _has_bus,
    "states": _has_state_machine,
    "logs": _has_log_group,
    "kinesis": _has_stream,
}
"""What can be delivered to, by the service of the target's ARN."""


def _to_log(target: dict[str, Any], _event: dict[str, Any], payload: str) -> None:
    append_lines(_log_group(str(target["Arn"])), _LOG_STREAM, [payload], int(time.time() * 1000))


def _to_stream(target: dict[str, Any], event: dict[str, Any], payload: str) -> None:
    from ministack.services import kinesis

    from .pipe_input import MISSING, at_path

    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath")
    # Without a path EventBridge spreads by the event's own id.
    key = at_path(str(path), event) if path else MISSING
    record = {
        "StreamARN": target["Arn"],
        "Data": base64.b64encode(payload.encode()).decode(),
        "PartitionKey": str(event["id"] if key is MISSING else key),
    }
    kinesis._put_record(record)


_MORE_TARGETS: dict[str, Callable[[dict[str, Any], dict[str, Any], str], None]] = {
    "logs": _to_log,
    "kinesis": _to_stream,
}


def _give_up(module: Any, target: dict[str, Any], event: Any, rule: Any, view: Any) -> None:
    """Send an event that has no receiver to the target's dead-letter queue."""
    dead_letters = str((target.get("DeadLetterConfig") or {}).get("Arn", ""))
    arn = str(target.get("Arn"))
    attributes = {
        "TARGET_ARN": arn,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": f"There is no {arn}.",
        "RETRY_ATTEMPTS": "0",
    }
    if "Target" in (rule or {}):
        # A schedule's: it tells what was to be sent.
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        body = _payload(module, target, rule, view)
        scheduled = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(event["Time"])))
        attributes |= {
            "SCHEDULE_ARN": str(rule.get("Arn", "")),
            "SCHEDULED_TIME": scheduled,
            "EXECUTION_ID": str(uuid.uuid4()),
            "IS_PAYLOAD_TRUNCATED": "false",
        }
    else:
        body = json.dumps(view.event_with_detail())
        attributes["RULE_ARN"] = str((rule or {}).get("Arn", ""))
    if not dead_letters or not send_message(dead_letters, body, attributes):
        module.logger.warning("EventBridge: there is no target %s", arn)
