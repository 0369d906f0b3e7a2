"""What can be measured of a queue: how many messages of which kind it has, and how old the oldest is.

Messages come from many services, each of which puts them into the queue by itself. So a message is noticed when the
queue is measured or read the next time, and carries from then on when it came, and how often it was received before.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import threading
import time
from typing import Any

from .metric_points import Metric, count, keep, keep_nothing

_POISONOUS = 3
"""A message of a standard queue that was received so often goes to its back, and no longer counts as the oldest."""
_SEEN = "noticed"
_COUNTED = ("NumberOfMessagesSent", "NumberOfMessagesReceived", "NumberOfMessagesDeleted")
_AGE = "ApproximateAgeOfOldestMessage"

_noticing = threading.Lock()
"""A poller and an alarm may look at once, and a message is sent once."""


def metric(queue: dict[str, Any], name: str) -> Metric:
    """Return a metric of a queue."""
    unit = "Seconds" if name == _AGE else "Count"
    return Metric("AWS/SQS", name, unit, (("QueueName", queue["name"]),))


def notice(queue: dict[str, Any]) -> None:
    """Count the messages that were sent to a queue since it was looked at."""
    for sent in arrivals(queue, time.time()):
        count(metric(queue, "NumberOfMessagesSent"), 1, at=sent)


def measure(queue: dict[str, Any]) -> None:
    """Put the present numbers of a queue into CloudWatch."""
    notice(queue)
    for name, value in numbers(queue, time.time()).items():
        keep(metric(queue, name), value)
    for name in _COUNTED:
        keep_nothing(metric(queue, name))


def arrivals(queue: dict[str, Any], now: float) -> list[float]:
    """Mark the messages that have come since the last time; return when each was sent.

    Those that were moved here from another queue are marked, too, and were not sent.

    Args:
        queue: The emulator's record.
        now: The time.
    """
    sent = []
    with _noticing:
        for message in list(queue["messages"]):
            if message.get(_SEEN, {}).get("in") == queue["name"]:
                continue
            moved = "DeadLetterQueueSourceArn" in (message.get("sys") or {})
            # A message that is moved can be seen at once, and keeps the time when it was sent.
            came = message.get("visible_at" if moved else "sent_at", now)
            message[_SEEN] = {"in": queue["name"], "since": came, "received": message.get("receive_count", 0)}
            if not moved:
                sent.append(came)
    return sent


def numbers(queue: dict[str, Any], now: float) -> dict[str, float]:
    """Return what a queue whose messages are marked is measured at.

    Args:
        queue: The emulator's record.
        now: The time.
    """
    # Those that are too old leave the queue when it is read, and it may be that nobody does.
    since = now - int(queue["attributes"].get("MessageRetentionPeriod", "345600"))
    messages = [one for one in list(queue["messages"]) if one.get("enqueued_at", one["sent_at"]) > since]
    hidden = [message for message in messages if message["visible_at"] > now]
    delayed = sum(not message.get("receive_count") for message in hidden)
    ages = [now - message[_SEEN]["since"] for message in messages if _counts_as_oldest(queue, message)]
    return {
        "ApproximateNumberOfMessagesVisible": len(messages) - len(hidden),
        "ApproximateNumberOfMessagesNotVisible": len(hidden) - delayed,
        "ApproximateNumberOfMessagesDelayed": delayed,
        _AGE: int(max(ages, default=0)),
    }


def _counts_as_oldest(queue: dict[str, Any], message: dict[str, Any]) -> bool:
    if _SEEN not in message:
        return False  # It has come in the meantime.
    received: int = message.get("receive_count", 0) - message[_SEEN]["received"]
    return bool(queue.get("is_fifo")) or received < _POISONOUS
