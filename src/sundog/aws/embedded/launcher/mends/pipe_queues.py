"""Pipes that read queues.

What a filter keeps out is deleted, what the target took too; what it did not take is seen again after the queue's
visibility timeout, and goes where the queue's redrive policy says.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html
"""

from __future__ import annotations

import time
from typing import Any, TypeAlias

from .pipe_input import passes
from .pipe_targets import DeliveryFailed, Pipe, deliver
from .queue_batching_window import is_filling

Message: TypeAlias = dict[str, Any]
"""The emulator's record of a message."""

_DEFAULT_BATCH = 10
_MOST_AT_ONCE = 5
"""Batches of one pipe that are on their way together; those of a FIFO queue follow each other."""


class QueueReader:
    """Takes batches from queues, each delivered in a thread of its own."""

    def __init__(self, module: Any) -> None:
        """Prepare; nothing is read yet.

        Args:
            module: The Pipes service.
        """
        self._module = module

    def poll(self, pipe: Pipe) -> None:
        """Begin to deliver what can be delivered; to be called in the pipe's account and region."""
        from ministack.services import lambda_svc, sqs

        queue = sqs._queue_by_arn(pipe["Source"])
        if queue is None:
            return
        most_at_once = 1 if queue.get("is_fifo") else _MOST_AT_ONCE
        url = sqs._queue_url(pipe["Source"].rpartition(":")[2])
        while lambda_svc._esm_inflight.get(pipe["Arn"], 0) < most_at_once:
            messages = self._receive(sqs, url, pipe)
            if not messages:
                return
            lambda_svc._dispatch_esm_batch(pipe["Arn"], self._deliver, pipe, url, messages)

    def _receive(self, sqs: Any, url: str, pipe: Pipe) -> list[Message]:
        parameters = (pipe.get("SourceParameters") or {}).get("SqsQueueParameters") or {}
        most = int(parameters.get("BatchSize") or _DEFAULT_BATCH)
        window = int(parameters.get("MaximumBatchingWindowInSeconds") or 0)
        if window and is_filling(sqs, url, most, window):
            return []
        received: list[Message] = []
        # The emulator hands out ten at a time, as SQS does.
        while len(received) < most:
            more = sqs._receive_messages_for_esm(url, most - len(received))
            if not more:
                break
            received += more
        return received

    def _deliver(self, pipe: Pipe, url: str, messages: list[Message]) -> None:
        from ministack.services import sqs

        criteria = (pipe.get("SourceParameters") or {}).get("FilterCriteria")
        records = {message["id"]: self._record(message, pipe["Source"]) for message in messages}
        wanted = {identity: record for identity, record in records.items() if passes(record, criteria)}
        failed: set[str] = set()
        try:
            if wanted:
                failed = set(deliver(pipe, list(wanted.values())))
        except DeliveryFailed as error:
            self._module.logger.warning("Pipes %s: %s", pipe["Name"], error)
            failed = set(wanted)
        if not failed <= set(wanted):
            # A name that is not in the batch makes the whole batch a failure.
            failed = set(wanted)
        done = {message["receipt_handle"] for message in messages if message["id"] not in failed}
        sqs._delete_messages_for_esm(url, done)

    def _record(self, message: Message, arn: str) -> dict[str, Any]:
        from ministack.services import lambda_svc

        first = message.get("first_receive_at") or time.time()
        attributes = {
            "ApproximateReceiveCount": str(message.get("receive_count", 1)),
            "SentTimestamp": str(int(message["sent_at"] * 1000)),
            "SenderId": self._module.get_account_id(),
            "ApproximateFirstReceiveTimestamp": str(int(first * 1000)),
        }
        of_fifo = {
            "MessageGroupId": message.get("group_id"),
            "MessageDeduplicationId": message.get("dedup_id"),
            "SequenceNumber": message.get("seq"),
        }
        attributes.update({name: str(value) for name, value in of_fifo.items() if value})
        return {
            "messageId": message["id"],
            "receiptHandle": message["receipt_handle"],
            "body": message["body"],
            "attributes": attributes,
            "messageAttributes": lambda_svc._sqs_message_attributes_to_camel_case(
                message.get("message_attributes") or {}
            ),
            "md5OfBody": message.get("md5_body") or "",
            "eventSource": "aws:sqs",
            "eventSourceARN": arn,
            "awsRegion": self._module.get_region(),
        }
