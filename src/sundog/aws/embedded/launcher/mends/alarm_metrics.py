"""What a service measures of itself, such as a function's errors, is kept, and no alarm looks at it.

Only `PutMetricData` makes the emulator look at its alarms.
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.cloudwatch"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Look at the alarms of a metric whenever a service adds to it."""
    original = module.record_metric

    def record(namespace: str, metric_name: str, *rest: Any, **named: Any) -> None:
        original(namespace, metric_name, *rest, **named)
        for alarm in list(module._alarms.values()):
            if (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, metric_name):
                module._evaluate_alarm(alarm)

    module.record_metric = record
