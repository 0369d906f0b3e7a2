"""A batch of a stream until it is done with: tried again, halved, or given up, as its mapping says.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html and, for partial failures,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any, Protocol

from .asynchronous_invocation import send_result

_LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True)
class Batch:
    """Records for a consumer."""

    mapping: dict[str, Any]
    """The event source mapping."""
    arn: str
    """Of the stream."""
    shard: str
    records: list[dict[str, Any]]


class Consumer(Protocol):
    """Who is given the batches."""

    def is_there(self, batch: Batch) -> bool:
        """Whether it still reads the stream, as the batch's mapping says."""
        ...

    def call(self, batch: Batch) -> dict[str, Any]:
        """Hand over a batch; `error`, `throttle` and `body` of what is returned say what became of it."""
        ...

    def identity(self, record: dict[str, Any]) -> str:
        """Return the name by which the consumer tells that a record failed."""
        ...

    def give_up(self, batch: Batch, result: dict[str, Any], condition: str, tried: int) -> None:
        """Report a batch that is not tried again."""
        ...


def deliver(batch: Batch, consumer: Consumer, pause: float) -> bool:
    """Call a consumer until the batch is done with; return False when it is gone before that.

    Args:
        batch: What was read.
        consumer: Who gets it.
        pause: Seconds before the first retry; they double.
    """
    mapping, tried = batch.mapping, 0
    while consumer.is_there(batch):
        result = consumer.call(batch)
        failed = _first_failure(consumer, batch, result)
        if failed is None:
            mapping["LastProcessingResult"] = f"OK - {len(batch.records)} records"
            return True
        mapping["LastProcessingResult"] = "FAILED"
        # What stands before the first failure has been handled.
        batch = replace(batch, records=batch.records[failed:])
        if (
            mapping.get("BisectBatchOnFunctionError")
            and len(batch.records) > 1
            and not result.get("throttle")
        ):
            middle = len(batch.records) // 2
            halves = (batch.records[:middle], batch.records[middle:])
            # Halving does not use up the retries.
            return all(deliver(replace(batch, records=half), consumer, pause) for half in halves)
        tried += not result.get("throttle")
        condition = _end(mapping, batch.records, tried)
        if condition is not None:
            consumer.give_up(batch, result, condition, tried)
            return True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    return False


def _first_failure(consumer: Consumer, batch: Batch, result: dict[str, Any]) -> int | None:
    """Return the index of the first record that failed, or None when none did."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (batch.mapping.get("FunctionResponseTypes") or ()):
        return None
    body = result.get("body")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return None
    names = [consumer.identity(record) for record in batch.records]
    named = [failure.get("itemIdentifier") for failure in failures]
    # A name that is not in the batch makes the whole batch a failure.
    return min((names.index(name) if name in names else 0 for name in named), default=0)


def _end(mapping: dict[str, Any], records: list[dict[str, Any]], tried: int) -> str | None:
    """Return why a batch is given up, or None when it is tried again."""
    most = mapping.get("MaximumRetryAttempts")
    if most is not None and 0 <= int(most) < tried:
        return "RetryAttemptsExhausted"
    longest = int(mapping.get("MaximumRecordAgeInSeconds") or -1)
    if 0 < longest < time.time() - min(map(_arrived, records)):
        return "MaxRecordAgeExceeded"
    return None


class FunctionConsumer:
    """A function with an event source mapping."""

    def __init__(self, module: Any) -> None:
        """Call functions of the emulator's Lambda service."""
        self._module = module

    def is_there(self, batch: Batch) -> bool:
        """Whether the function and its mapping are."""
        mapping = batch.mapping
        known = self._module._esms.get(mapping["UUID"]) is mapping and bool(mapping.get("Enabled"))
        return known and self._function(batch) is not None

    def call(self, batch: Batch) -> dict[str, Any]:
        """Invoke the function."""
        result: dict[str, Any] = self._module._execute_function(
            self._function(batch), {"Records": batch.records}
        )
        return result

    def identity(self, record: dict[str, Any]) -> str:
        """Return the record's sequence number."""
        return _sequence_number(record)

    def give_up(self, batch: Batch, result: dict[str, Any], condition: str, tried: int) -> None:
        """Tell the destination for failures."""
        destination = failure_destination(batch.mapping)
        if not destination:
            return
        function = self._function(batch) or {}
        record = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": (function.get("config") or function).get("FunctionArn", ""),
                "condition": condition,
                "approximateInvokeCount": tried,
            },
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": result.get("function_error") or "Unhandled",
            },
            **where_to_find(batch),
        }
        if ":s3:" in destination:
            # A bucket gets the records too; a queue and a topic only where to find them.
            record["payload"] = json.dumps({"Records": batch.records})
            _put(destination.rpartition(":")[2], batch, record)
        else:
            send_result(self._module, destination, batch.mapping["FunctionName"], record, {})

    def _function(self, batch: Batch) -> dict[str, Any] | None:
        mapping = batch.mapping
        function: dict[str, Any] | None = self._module._get_func_record_for_qualifier(
            mapping["FunctionName"], mapping.get("Qualifier")
        )[0]
        return function


def failure_destination(mapping: dict[str, Any]) -> str:
    """Return the ARN of what is told of batches that were given up, or nothing."""
    return str(((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or "")


def where_to_find(batch: Batch) -> dict[str, Any]:
    """Return what the report of a batch says of the place of its records in the stream."""
    first, last = batch.records[0], batch.records[-1]
    return {
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "KinesisBatchInfo" if "kinesis" in first else "DDBStreamBatchInfo": {
            "shardId": batch.shard,
            "startSequenceNumber": _sequence_number(first),
            "endSequenceNumber": _sequence_number(last),
            "approximateArrivalOfFirstRecord": _iso(_arrived(first)),
            "approximateArrivalOfLastRecord": _iso(_arrived(last)),
            "batchSize": len(batch.records),
            "streamArn": batch.arn,
        },
    }


def _put(bucket: str, batch: Batch, record: dict[str, Any]) -> None:
    from ministack.services import s3

    now = time.gmtime()
    folder = f"aws/lambda/{batch.mapping['UUID']}/{batch.shard}/{time.strftime('%Y/%m/%d', now)}"
    key = f"{folder}/{time.strftime('%Y-%m-%dT%H.%M.%S', now)}-{uuid.uuid4()}"
    s3._put_object(bucket, key, json.dumps(record).encode(), {"content-type": "application/json"})


def _sequence_number(record: dict[str, Any]) -> str:
    if "kinesis" in record:
        return str(record["kinesis"]["sequenceNumber"])
    return str(record.get("dynamodb", {}).get("SequenceNumber", ""))


def _arrived(record: dict[str, Any]) -> float:
    if "kinesis" in record:
        return float(record["kinesis"]["approximateArrivalTimestamp"])
    return float(record.get("dynamodb", {}).get("ApproximateCreationDateTime", time.time()))


def _iso(moment: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))
