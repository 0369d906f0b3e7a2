"""Reads streams of tables and of Kinesis in batches, for whoever consumes them: functions and pipes."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from .stream_delivery import Batch

Advance: TypeAlias = Callable[[int], None]
"""Notes that so many records are done with."""
Mapping: TypeAlias = dict[str, Any]
"""Who reads what, in the words of an event source mapping of Lambda."""

_MOST_RECORDS = 10_000
"""Lambda's largest batch."""
_TABLE_SHARD = "shardId-00000000000000000000-00000000"


class StreamReader:
    """Takes batches from the streams; delivering them is `stream_delivery`'s business."""

    def __init__(
        self,
        module: Any,
        mappings: Callable[[], Iterable[tuple[str, str, Mapping]]],
        choose: Callable[[list[Any], Mapping], list[Any]],
        send: Callable[[Batch], bool],
    ) -> None:
        """Prepare; `poll` begins.

        Args:
            module: The emulator's Lambda service, which keeps the positions.
            mappings: Lists those that read now, with account and region.
            choose: Returns the records that the filters of a mapping let through.
            send: Returns whether it is done with a batch; else the batch is read again.
        """
        self._module = module
        self._mappings = mappings
        self._choose = choose
        self._send = send
        self._busy: set[tuple[str, str]] = set()
        self._waiting: dict[tuple[str, str], float] = {}
        """Since when records wait for their batch to fill."""

    def poll(self, service: str) -> bool:
        """Begin to deliver what can be delivered; return whether there was anything."""
        found = False
        for account, region, mapping in self._mappings():
            arn = str(mapping.get("EventSourceArn", ""))
            if f":{service}:" in arn:
                with self._scope(account, region):
                    shards = (
                        self._kinesis(mapping, arn) if service == "kinesis" else self._table(mapping, arn)
                    )
                    for shard, records, advance in shards:
                        found |= self._begin(mapping, arn, shard, records, advance)
        return found

    def _begin(
        self, mapping: dict[str, Any], arn: str, shard: str, records: list[Any], advance: Advance
    ) -> bool:
        key = (mapping["UUID"], shard)
        # Lambda filters first: what no filter lets through neither fills a batch nor waits for one.
        wanted = self._choose(records, mapping)[: _batch_size(mapping)]
        if not wanted:
            advance(len(records))
            return bool(records)
        if self._is_filling(key, mapping, len(wanted)):
            return False
        self._waiting.pop(key, None)
        full = len(wanted) == _batch_size(mapping)
        taken = 1 + next(n for n, one in enumerate(records) if one is wanted[-1]) if full else len(records)
        self._busy.add(key)
        self._module._dispatch_esm_batch(
            mapping["UUID"], self._deliver, key, Batch(mapping, arn, shard, wanted), lambda: advance(taken)
        )
        return True

    def _deliver(self, key: tuple[str, str], batch: Batch, advance: Callable[[], None]) -> None:
        try:
            if self._send(batch):
                advance()
        finally:
            self._busy.discard(key)

    def _is_filling(self, key: tuple[str, str], mapping: dict[str, Any], count: int) -> bool:
        window = int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        if not window or count >= _batch_size(mapping):
            return False
        return time.monotonic() - self._waiting.setdefault(key, time.monotonic()) < window

    def _is_busy(self, mapping: dict[str, Any], shard: str) -> bool:
        return (mapping["UUID"], shard) in self._busy

    def _table(self, mapping: dict[str, Any], arn: str) -> Iterator[tuple[str, list[Any], Advance]]:
        from ministack.services import dynamodb

        name = arn.split("/stream/", maxsplit=1)[0].rpartition("/")[2]
        table = dynamodb._tables.get(name)
        if not table or table.get("LatestStreamArn") != arn or self._is_busy(mapping, _TABLE_SHARD):
            return
        positions, lock = (
            self._module._dynamodb_stream_positions,
            self._module._dynamodb_stream_positions_lock,
        )
        oldest, newest = dynamodb.stream_start_position(name), dynamodb.stream_end_position(name)
        from_start = mapping.get("StartingPosition") == "TRIM_HORIZON"
        with lock:
            position = max(positions.setdefault(mapping["UUID"], oldest if from_start else newest), oldest)
        records = dynamodb.stream_records_since(name, position, _MOST_RECORDS)

        def advance(count: int) -> None:
            with lock:
                if mapping["UUID"] in positions:
                    positions[mapping["UUID"]] = position + count

        yield _TABLE_SHARD, list(records), advance

    def _kinesis(self, mapping: dict[str, Any], arn: str) -> Iterator[tuple[str, list[Any], Advance]]:
        stream = self._stream(arn)
        if stream is None:
            return
        if mapping["UUID"] not in self._module._kinesis_positions:
            self.start_at_kinesis(mapping["UUID"], arn, mapping.get("StartingPosition", "LATEST"))
        positions = self._module._kinesis_positions.get(mapping["UUID"], {})
        for shard_id, shard in list(stream["shards"].items()):
            if self._is_busy(mapping, shard_id):
                continue
            # A shard that a split made after the consumer was there is read from its start.
            position = positions.setdefault(shard_id, 0)
            raw = shard["records"][position : position + _MOST_RECORDS]
            records = [self._kinesis_record(record, shard_id, arn) for record in raw]

            def advance(count: int, shard_id: str = shard_id, position: int = position) -> None:
                positions[shard_id] = position + count

            yield shard_id, records, advance

    def start_at_kinesis(self, mapping_id: str, arn: str, starting: str) -> None:
        """Note where a consumer begins to read, when it is made."""
        stream = self._stream(arn)
        if stream is None or mapping_id in self._module._kinesis_positions:
            return
        self._module._kinesis_positions[mapping_id] = {
            shard_id: 0 if starting == "TRIM_HORIZON" else len(shard["records"])
            for shard_id, shard in stream["shards"].items()
        }

    def _stream(self, arn: str) -> dict[str, Any] | None:
        from ministack.services import kinesis

        stream: dict[str, Any] | None = kinesis._streams.get(arn.rpartition("/")[2])
        return stream if stream and stream["StreamStatus"] == "ACTIVE" else None

    def _kinesis_record(self, record: dict[str, Any], shard_id: str, arn: str) -> dict[str, Any]:
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record["PartitionKey"],
                "sequenceNumber": record["SequenceNumber"],
                "data": _as_base64(record["Data"]),
                "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"],
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard_id}:{record['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{self._module.get_account_id()}:role/consumer",
            "awsRegion": self._module.get_region(),
            "eventSourceARN": arn,
        }

    @contextmanager
    def _scope(self, account: str, region: str) -> Iterator[None]:
        account_token = self._module._request_account_id.set(account)
        region_token = self._module._request_region.set(region)
        try:
            yield
        finally:
            self._module._request_account_id.reset(account_token)
            self._module._request_region.reset(region_token)


def _batch_size(mapping: dict[str, Any]) -> int:
    return int(mapping.get("BatchSize") or 100)


def _as_base64(data: Any) -> str:
    if isinstance(data, str):
        try:
            base64.b64decode(data, validate=True)
        except ValueError:
            return base64.b64encode(data.encode()).decode("ascii")
        return data
    return base64.b64encode(data if isinstance(data, bytes) else str(data).encode()).decode("ascii")
