"""Alarms in a template cannot watch an expression: their `Metrics` are refused."""

from __future__ import annotations

from typing import Any

from .alarm_state import normal, unknown_math
from .handlers import PROVISIONERS, Properties, afterwards, change_properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})

_TYPE = "AWS::CloudWatch::Alarm"


def mend(module: Any) -> None:
    """Make an alarm of no metric, and give it its queries then."""

    def without_queries(properties: Properties) -> Properties:
        queries = properties.get("Metrics")
        if not queries:
            return properties
        refused = unknown_math(queries)
        if refused:
            raise ValueError(refused)
        left = {name: value for name, value in properties.items() if name != "Metrics"}
        return {**left, "Namespace": "none", "MetricName": "none"}

    def store(name: str, properties: Properties) -> None:
        if properties.get("Metrics"):
            alarm = module._cw._alarms[name]
            alarm.update(Metrics=normal(properties["Metrics"]), Namespace=None, MetricName=None)
            module._cw._evaluate_alarm(alarm)

    change_properties(module, _TYPE, without_queries)
    afterwards(module, _TYPE, store)
