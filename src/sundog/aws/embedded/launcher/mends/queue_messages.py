"""Sending to the emulator's queues from within it."""

from __future__ import annotations

from collections.abc import Mapping


def send_message(arn: str, body: str, attributes: Mapping[str, str], **fifo: str) -> bool:
    """Send a message to a queue; return False when there is none of that ARN.

    Args:
        arn: Of the queue.
        body: Of the message.
        attributes: Of the message, all strings.
        fifo: `MessageGroupId` and `MessageDeduplicationId`, for a FIFO queue.
    """
    from ministack.core.concurrency import esm_wake
    from ministack.services import sqs

    if sqs._queue_by_arn(arn) is None:
        return False
    url = sqs._queue_url(arn.rpartition(":")[2])
    message = {"QueueUrl": url, "MessageBody": body, **fifo}
    if attributes:
        message["MessageAttributes"] = {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
    sqs._act_send_message(message, url)
    esm_wake.set()
    return True
