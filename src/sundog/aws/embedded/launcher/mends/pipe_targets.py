"""Delivers what a pipe has read, to each kind of target.

A target that has a batch API gets every record by itself, in as many requests as it takes; functions and state machines get
the records as a list, also when it is one.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeAlias

from ..function_logs import append_lines
from .pipe_input import rendered, setting
from .queue_messages import send_message

Pipe: TypeAlias = dict[str, Any]
"""The emulator's record of a pipe."""
Records: TypeAlias = list[Any]


class DeliveryFailed(Exception):
    """A target or an enrichment did not take the records."""


def deliver(pipe: Pipe, records: Records) -> list[str]:
    """Enrich records and give them to the target; return the names of those that the target says have failed.

    Args:
        pipe: Whose enrichment and target.
        records: As they come from the source.

    Raises:
        DeliveryFailed: All of them have failed.
    """
    if pipe.get("Enrichment"):
        records = _enriched(pipe, records)
        if not records:
            return []
    kind = service_of(pipe["Target"])
    if kind not in TARGETS:
        raise DeliveryFailed(f"pipes deliver nothing to {pipe['Target']}")
    return TARGETS[kind](pipe, records) or []


def service_of(arn: str) -> str:
    """Return the service that an ARN names."""
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def _parameters(pipe: Pipe, name: str) -> dict[str, Any]:
    return (pipe.get("TargetParameters") or {}).get(name) or {}


def _payloads(pipe: Pipe, records: Records, part: str = "TargetParameters") -> list[str]:
    template = (pipe.get(part) or {}).get("InputTemplate")
    return [rendered(template, pipe, record) for record in records]


def _as_list(payloads: list[str]) -> list[Any]:
    try:
        return [json.loads(payload) for payload in payloads]
    except ValueError:
        raise DeliveryFailed(f"the input template makes no JSON: {payloads[0][:200]}") from None


def _enriched(pipe: Pipe, records: Records) -> Records:
    result = _invoke(pipe["Enrichment"], _as_list(_payloads(pipe, records, "EnrichmentParameters")))
    if result.get("error"):
        raise DeliveryFailed(f"the enrichment failed: {result.get('body')}")
    body = result.get("body")
    # What is empty reaches no target.
    return body if isinstance(body, list) else [body] if body else []


def _invoke(arn: str, event: Any) -> dict[str, Any]:
    from ministack.services import lambda_svc

    result: dict[str, Any] = lambda_svc._execute_function(_function(arn), event)
    return result


def _function(arn: str) -> dict[str, Any]:
    from ministack.services import lambda_svc

    record, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not record or not config:
        raise DeliveryFailed(f"there is no function {name}")
    found: dict[str, Any] = lambda_svc._execution_record_for_config(record, config)
    return found


def _to_function(pipe: Pipe, records: Records) -> list[str]:
    event = _as_list(_payloads(pipe, records))
    if _parameters(pipe, "LambdaFunctionParameters").get("InvocationType") == "FIRE_AND_FORGET":
        from ministack.services import lambda_svc

        lambda_svc.invoke_async_with_retry(_function(pipe["Target"]), event)
        return []
    result = _invoke(pipe["Target"], event)
    body = result.get("body")
    if result.get("error"):
        raise DeliveryFailed(f"the function failed: {body}")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    return [str(failure.get("itemIdentifier") or "") for failure in failures or ()]


def _to_queue(pipe: Pipe, records: Records) -> None:
    parameters = _parameters(pipe, "SqsQueueParameters")
    for record, body in zip(records, _payloads(pipe, records), strict=True):
        fifo = {
            name: str(setting(parameters[name], record))
            for name in ("MessageGroupId", "MessageDeduplicationId")
            if parameters.get(name)
        }
        if not send_message(pipe["Target"], body, {}, **fifo):
            raise DeliveryFailed(f"there is no queue {pipe['Target']}")


def _to_topic(pipe: Pipe, records: Records) -> None:
    from ministack.services import sns

    for body in _payloads(pipe, records):
        if sns.publish_internal(pipe["Target"], body) is None:
            raise DeliveryFailed(f"there is no topic {pipe['Target']}")


def _to_bus(pipe: Pipe, records: Records) -> None:
    from ministack.services import eventbridge

    parameters = _parameters(pipe, "EventBridgeEventBusParameters")
    for record, detail in zip(records, _payloads(pipe, records), strict=True):
        if not isinstance(_as_list([detail])[0], dict):
            raise DeliveryFailed(f"the detail of an event must be an object: {detail[:200]}")
        entry = {
            "EventBusName": pipe["Target"],
            "Source": setting(parameters.get("Source"), record) or f"Pipe {pipe['Name']}",
            "DetailType": setting(parameters.get("DetailType"), record)
            or f"Event from aws:{service_of(pipe['Source'])}",
            "Resources": setting(parameters.get("Resources") or [], record),
            "Detail": detail,
        }
        answer = json.loads(eventbridge._put_events({"Entries": [entry]})[2])
        if answer.get("FailedEntryCount", 1):
            raise DeliveryFailed(f"the bus did not take the event: {answer}")


def _to_stream(pipe: Pipe, records: Records) -> None:
    import base64

    from ministack.services import kinesis

    key = _parameters(pipe, "KinesisStreamParameters").get("PartitionKey")
    entries = [
        {"Data": base64.b64encode(body.encode()).decode(), "PartitionKey": str(setting(key, record))}
        for record, body in zip(records, _payloads(pipe, records), strict=True)
    ]
    _answered(kinesis._put_records({"StreamARN": pipe["Target"], "Records": entries}))


def _to_state_machine(pipe: Pipe, records: Records) -> None:
    from ministack.services import stepfunctions

    event = json.dumps(_as_list(_payloads(pipe, records)))
    _answered(stepfunctions._start_execution({"stateMachineArn": pipe["Target"], "input": event}))


def _to_log(pipe: Pipe, records: Records) -> None:
    group = pipe["Target"].rsplit(":log-group:", maxsplit=1)[-1].removesuffix(":*")
    stream = _parameters(pipe, "CloudWatchLogsParameters").get("LogStreamName")
    for record, line in zip(records, _payloads(pipe, records), strict=True):
        name = str(setting(stream, record) or f"pipe-{pipe['Name']}")
        append_lines(group, name, [line], int(time.time() * 1000))


def _answered(answer: Any) -> None:
    if answer[0] >= 400:
        raise DeliveryFailed(answer[2].decode() if isinstance(answer[2], bytes) else str(answer[2]))


TARGETS: dict[str, Callable[[Pipe, Records], list[str] | None]] = {
    "lambda": _to_function,
    "sqs": _to_queue,
    "sns": _to_topic,
    "events": _to_bus,
    "kinesis": _to_stream,
    "states": _to_state_machine,
    "logs": _to_log,
}
"""By the service of the target's ARN."""
