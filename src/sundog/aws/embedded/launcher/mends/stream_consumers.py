"""A consumer of a stream that fails is called with the same batch for ever, and while it works no other one is called.

The emulator reads `MaximumRetryAttempts`, `BisectBatchOnFunctionError`, `FunctionResponseTypes`,
`MaximumBatchingWindowInSeconds` and the destination of Kinesis and of most DynamoDB failures, stores them and does
nothing with them. Its one thread polls every queue and stream, and calls the consumers of streams itself: a function at
a breakpoint holds up all event sources. A Kinesis consumer also misses what is sent before the first poll.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .stream_delivery import Batch, FunctionConsumer, deliver
from .stream_reader import StreamReader

MODULE = "ministack.services.lambda_svc"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Read the streams here, each shard of each consumer in a thread of its own."""
    consumer = FunctionConsumer(module)

    def mappings() -> Iterator[tuple[str, str, dict[str, Any]]]:
        for account, region, mapping in module._iter_all_esms():
            if mapping.get("Enabled", True):
                yield account, region, mapping

    def send(batch: Batch) -> bool:
        return deliver(batch, consumer, module._ESM_BACKOFF_SECONDS)

    reader = StreamReader(module, mappings, module._apply_filter_criteria, send)
    start = module._init_stream_position

    def start_at(mapping_id: str, arn: str, starting: str) -> None:
        start(mapping_id, arn, starting)
        if ":kinesis:" in arn:
            reader.start_at_kinesis(mapping_id, arn, starting)

    module._init_stream_position = start_at
    module._poll_kinesis = lambda: reader.poll("kinesis")
    module._poll_dynamodb_streams = lambda: reader.poll("dynamodb")
