"""Pipes that read the streams of tables and Kinesis streams.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-kinesis.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .pipe_input import passes
from .pipe_targets import DeliveryFailed, Pipe, service_of
from .pipe_targets import deliver as deliver_to_target
from .queue_messages import send_message
from .stream_delivery import Batch, deliver, failure_destination, where_to_find
from .stream_reader import StreamReader

_SECONDS_BEFORE_RETRY = 1.0
_PARAMETERS = {"dynamodb": "DynamoDBStreamParameters", "kinesis": "KinesisStreamParameters"}


def stream_parameters(pipe: Pipe) -> dict[str, Any]:
    """Return what a pipe says about how its stream is read."""
    name = _PARAMETERS.get(service_of(pipe["Source"]), "")
    return (pipe.get("SourceParameters") or {}).get(name) or {}


def stream_reader(module: Any) -> StreamReader:
    """Return what reads the streams of all pipes that run.

    Args:
        module: The Pipes service.
    """
    from ministack.services import lambda_svc

    consumer = _PipeConsumer(module)

    def mappings() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, pipe in module._iter_all_pipes():
            if pipe.get("CurrentState") == "RUNNING":
                yield account, region, _mapping(pipe)

    def choose(records: list[Any], mapping: dict[str, Any]) -> list[Any]:
        criteria = (mapping["Pipe"].get("SourceParameters") or {}).get("FilterCriteria")
        return [record for record in records if passes(_flat(record), criteria)]

    def send(batch: Batch) -> bool:
        return deliver(batch, consumer, _SECONDS_BEFORE_RETRY)

    return StreamReader(lambda_svc, mappings, choose, send)


class _PipeConsumer:
    """Whom the batches of a stream are for: the enrichment and the target of a pipe."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def is_there(self, batch: Batch) -> bool:
        """Whether the pipe runs, and its settings are those that the batch was read with."""
        pipe = self._module._pipes.get(batch.mapping["Pipe"]["Name"])
        if pipe is None or pipe.get("CurrentState") != "RUNNING":
            return False
        return bool(pipe["LastModifiedTime"] == batch.mapping["LastModified"])

    def call(self, batch: Batch) -> dict[str, Any]:
        """Deliver."""
        pipe = batch.mapping["Pipe"]
        try:
            failed = deliver_to_target(pipe, [_flat(record) for record in batch.records])
        except DeliveryFailed as error:
            self._module.logger.warning("Pipes %s: %s", pipe["Name"], error)
            return {"error": True}
        return {"body": {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}}

    def identity(self, record: dict[str, Any]) -> str:
        """Return the `eventID`, by which the targets of pipes name records."""
        return str(record.get("eventID", ""))

    def give_up(self, batch: Batch, result: dict[str, Any], condition: str, tried: int) -> None:  # noqa: ARG002 - of `Consumer`
        """Tell the dead-letter queue where the records are."""
        pipe, target = batch.mapping["Pipe"], failure_destination(batch.mapping)
        if not target:
            return
        context = {"partnerResourceArn": pipe["Arn"], "condition": condition}
        report = json.dumps({"context": context, **where_to_find(batch)})
        if service_of(target) == "sns":
            from ministack.services import sns

            told = sns.publish_internal(target, report) is not None
        else:
            told = send_message(target, report, {})
        if not told:
            self._module.logger.warning("Pipes %s: there is no %s", pipe["Name"], target)


def _mapping(pipe: Pipe) -> dict[str, Any]:
    """Return a pipe in the words of an event source mapping of Lambda, which the reader knows."""
    parameters = stream_parameters(pipe)
    same = (
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "MaximumRetryAttempts",
        "MaximumRecordAgeInSeconds",
    )
    return {
        **{name: parameters.get(name) for name in same},
        "UUID": pipe["Arn"],
        "EventSourceArn": pipe["Source"],
        "StartingPosition": parameters.get("StartingPosition") or "LATEST",
        "BisectBatchOnFunctionError": parameters.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT",
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "DestinationConfig": {
            "OnFailure": {"Destination": (parameters.get("DeadLetterConfig") or {}).get("Arn")}
        },
        "Pipe": pipe,
        "LastModified": pipe["LastModifiedTime"],
    }


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record as pipes have it: what Lambda puts below `kinesis` stands beside the rest."""
    if "kinesis" not in record:
        return record
    return {**record["kinesis"], **{key: value for key, value in record.items() if key != "kinesis"}}
