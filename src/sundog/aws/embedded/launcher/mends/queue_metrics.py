"""Queues publish no metrics of their depth: an alarm on a dead-letter queue never goes off.

Nothing is measured until somebody asks: a queue is when an alarm that watches it is evaluated, and all are before metrics
are read. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from .alarm_state import queries_of
from .queue_measures import measure

MODULE = "ministack.services.cloudwatch"
VERSIONS = frozenset({"1.5.33"})

_READERS = ("_get_metric_data", "_get_metric_statistics", "_list_metrics")


def mend(module: Any) -> None:
    """Measure before an alarm is evaluated, and before somebody reads."""
    evaluate = module._evaluate_alarm

    def measure_and_evaluate(alarm: dict[str, Any]) -> None:
        watched = _watched(alarm)
        if watched:
            _measure_queues(lambda queue: queue["name"] in watched)
        evaluate(alarm)

    module._evaluate_alarm = measure_and_evaluate
    for name in _READERS:
        setattr(module, name, _measured(getattr(module, name)))


def _measured(read: Callable[..., Any]) -> Callable[..., Any]:
    def measure_and_read(*arguments: Any) -> Any:
        _measure_queues(lambda _: True)
        return read(*arguments)

    return measure_and_read


def _measure_queues(wanted: Callable[[dict[str, Any]], bool]) -> None:
    # Until somebody has used it, there are no queues.
    sqs = sys.modules.get("ministack.services.sqs")
    for queue in list(sqs._queues.values()) if sqs is not None else ():
        if wanted(queue):
            measure(queue)


def _watched(alarm: dict[str, Any]) -> set[str]:
    """Return the names of the queues that an alarm watches."""
    metrics = [query["MetricStat"]["Metric"] for query in queries_of(alarm) if query.get("MetricStat")]
    return {
        str(dimension.get("Value"))
        for metric in metrics
        if metric.get("Namespace") == "AWS/SQS"
        for dimension in metric.get("Dimensions") or ()
        if dimension.get("Name") == "QueueName"
    }
