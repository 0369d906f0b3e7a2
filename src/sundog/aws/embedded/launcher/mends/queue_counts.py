"""Queues do not publish how many messages were sent to them, received from them and deleted.

An alarm on a queue is evaluated soon after a message has come, also to a dead-letter queue: all services that put
messages into queues wake the pollers of functions, and with them the alarms.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

from typing import Any

from .alarm_evaluation import look_soon
from .metric_points import count
from .queue_measures import metric, notice

MODULE = "ministack.services.sqs"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Count in the functions through which all messages go."""
    _count_received(module)
    _count_deleted(module)
    wake = module.esm_wake.set

    def wake_all() -> None:
        wake()
        look_soon()

    module.esm_wake.set = wake_all


def _count_received(module: Any) -> None:
    collect, purge = module._collect_msgs, module._HANDLERS["PurgeQueue"]

    def collect_and_count(queue: dict[str, Any], *rest: Any) -> Any:
        notice(queue)
        received = collect(queue, *rest)
        count(metric(queue, "NumberOfMessagesReceived"), 1, times=len(received))
        return received

    def notice_and_purge(data: dict[str, Any], url: str) -> Any:
        notice(module._get_q(data.get("QueueUrl", url)))
        return purge(data, url)

    module._collect_msgs = collect_and_count
    module._HANDLERS["PurgeQueue"] = notice_and_purge


def _count_deleted(module: Any) -> None:
    handlers, delete_many = module._HANDLERS, module._delete_messages_for_esm
    delete, delete_batch = handlers["DeleteMessage"], handlers["DeleteMessageBatch"]

    def deleted(url: str, number: int) -> None:
        count(metric(module._get_q(url), "NumberOfMessagesDeleted"), 1, times=number)
        look_soon()

    def delete_and_count(data: dict[str, Any], url: str) -> Any:
        answer = delete(data, url)
        deleted(data.get("QueueUrl", url), 1)
        return answer

    def delete_batch_and_count(data: dict[str, Any], url: str) -> Any:
        answer = delete_batch(data, url)
        deleted(data.get("QueueUrl", url), len(answer["Successful"]))
        return answer

    def delete_many_and_count(url: str, handles: set[str]) -> None:
        messages = module._get_q(url)["messages"] if handles else []
        number = sum(message.get("receipt_handle") in handles for message in list(messages))
        delete_many(url, handles)
        deleted(url, number)

    handlers["DeleteMessage"] = delete_and_count
    handlers["DeleteMessageBatch"] = delete_batch_and_count
    module._delete_messages_for_esm = delete_many_and_count
