"""`MaximumBatchingWindowInSeconds` of an event source mapping on a queue is ignored: messages are delivered at once.

Lambda waits until the batch is full or the window, counted from the first message that can be seen, is over.
"""

from __future__ import annotations

import time
from typing import Any

MODULE = "ministack.services.sqs"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Give the poller nothing while a batch fills."""
    original = module._receive_messages_for_esm

    def receive(queue_url: str, most: int) -> Any:
        window = _window(module, queue_url)
        if window and is_filling(module, queue_url, most, window):
            return []
        return original(queue_url, most)

    module._receive_messages_for_esm = receive


def _window(module: Any, queue_url: str) -> int:
    from ministack.services import lambda_svc

    arn = module._get_q(queue_url)["attributes"].get("QueueArn")
    windows = [
        int(mapping.get("MaximumBatchingWindowInSeconds") or 0)
        for mapping in list(lambda_svc._esms.values())
        if mapping.get("EventSourceArn") == arn
    ]
    return max(windows, default=0)


def is_filling(module: Any, queue_url: str, most: int, window: int) -> bool:
    """Whether a batch still waits for its other messages, or for its window to end.

    Args:
        module: The SQS service.
        queue_url: Which queue.
        most: The size of a batch.
        window: Seconds from the first message that can be seen.
    """
    now = time.time()
    with module._queues_lock:
        visible = [
            message["visible_at"]
            for message in module._get_q(queue_url)["messages"]
            if message["visible_at"] <= now
        ]
    return bool(visible) and len(visible) < most and now - min(visible) < window
