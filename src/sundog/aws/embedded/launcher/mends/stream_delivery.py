"""A batch of a stream until it is done with: tried again, halved, or given up, as its mapping says.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html and, for partial failures,
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass, replace
from typing import Any

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


def deliver(module: Any, batch: Batch) -> bool:
    """Call the function until the batch is done with; return False when its consumer is gone before that."""
    mapping, tried, pause = batch.mapping, 0, module._ESM_BACKOFF_SECONDS
    while True:
        function, _config = module._get_func_record_for_qualifier(
            mapping["FunctionName"], mapping.get("Qualifier")
        )
        if function is None or module._esms.get(mapping["UUID"]) is not mapping or not mapping.get("Enabled"):
            return False
        result = module._execute_function(function, {"Records": batch.records})
        failed = _first_failure(mapping, batch.records, result)
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
            return all(deliver(module, replace(batch, records=half)) for half in halves)
        tried += not result.get("throttle")
        condition = _end(mapping, batch.records, tried)
        if condition is not None:
            _report(module, batch, function, result, condition, tried)
            return True
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _first_failure(
    mapping: dict[str, Any], records: list[dict[str, Any]], result: dict[str, Any]
) -> int | None:
    """Return the index of the first record that failed, or None when none did."""
    if result.get("error"):
        return 0
    if "ReportBatchItemFailures" not in (mapping.get("FunctionResponseTypes") or ()):
        return None
    body = result.get("body")
    failures = body.get("batchItemFailures") if isinstance(body, dict) else None
    if not failures:
        return None
    numbers = [_sequence_number(record) for record in records]
    named = [failure.get("itemIdentifier") for failure in failures]
    # A name that is not in the batch makes the whole batch a failure.
    return min((numbers.index(name) if name in numbers else 0 for name in named), default=0)


def _end(mapping: dict[str, Any], records: list[dict[str, Any]], tried: int) -> str | None:
    """Return why a batch is given up, or None when it is tried again."""
    most = mapping.get("MaximumRetryAttempts")
    if most is not None and 0 <= int(most) < tried:
        return "RetryAttemptsExhausted"
    longest = int(mapping.get("MaximumRecordAgeInSeconds") or -1)
    if 0 < longest < time.time() - min(map(_arrived, records)):
        return "MaxRecordAgeExceeded"
    return None


def _report(
    module: Any, batch: Batch, function: dict[str, Any], result: dict[str, Any], condition: str, tried: int
) -> None:
    destination = ((batch.mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if not destination:
        return
    first, last = batch.records[0], batch.records[-1]
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
    if ":s3:" in destination:
        # A bucket gets the records too; a queue and a topic only where to find them.
        record["payload"] = json.dumps({"Records": batch.records})
        _put(destination.rpartition(":")[2], batch, record)
    else:
        send_result(module, destination, batch.mapping["FunctionName"], record, {})


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
