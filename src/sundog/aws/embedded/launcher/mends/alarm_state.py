"""The state that an alarm has, told from the values of its metrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .alarm_math import Calculation, Series, parsed

_MORE_PERIODS = 2
"""How many periods CloudWatch looks further back when some have no value."""
_BREACHING: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}


def normal(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return queries as they are kept: whether one is watched is true or false, and not written out."""
    return [
        {**query, "ReturnData": str(query.get("ReturnData", True)).lower() != "false"} for query in queries
    ]


def unknown_math(queries: list[dict[str, Any]]) -> str | None:
    """Return why an alarm cannot watch these queries, or None."""
    try:
        for query in queries:
            if query.get("Expression"):
                parsed(str(query["Expression"]))
    except ValueError as error:
        return str(error)
    return None


def queries_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an alarm watches, also when that is one metric, as the queries of metric math."""
    if alarm.get("Metrics"):
        return list(alarm["Metrics"])
    if not alarm.get("MetricName"):
        return []
    metric = {name: alarm.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    stat = {
        "Metric": metric,
        "Period": int(alarm.get("Period") or 60),
        "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average",
        "Unit": alarm.get("Unit"),
    }
    return [{"Id": "m1", "MetricStat": stat, "ReturnData": True}]


def watched(alarm: dict[str, Any]) -> set[tuple[str, str]]:
    """Return the namespaces and names of the metrics that an alarm watches."""
    metrics = [query["MetricStat"]["Metric"] for query in queries_of(alarm) if query.get("MetricStat")]
    return {(str(metric.get("Namespace")), str(metric.get("MetricName"))) for metric in metrics}


def period_of(alarm: dict[str, Any]) -> int:
    """Return the length of an alarm's periods in seconds."""
    periods = [int((query.get("MetricStat") or query).get("Period") or 0) for query in queries_of(alarm)]
    return max(periods, default=0) or 60


def newest_values(
    alarm: dict[str, Any], read: Callable[[dict[str, Any], list[int]], Series], now: float
) -> list[float]:
    """Return the values of the periods that an alarm looks at, newest first; periods without one are left out.

    Args:
        alarm: The emulator's record.
        read: Returns a metric's values in some periods, which are named by their starts.
        now: The time. The period that it is in counts as soon as it has a value.
    """
    period, wanted = period_of(alarm), int(alarm.get("EvaluationPeriods") or 1)
    newest = int(now // period) * period
    buckets = [newest - number * period for number in range(wanted + _MORE_PERIODS + 1)]
    queries = queries_of(alarm)
    known = {
        str(query["Id"]): query["Expression"]
        if query.get("Expression")
        else read(query["MetricStat"], buckets)
        for query in queries
    }
    watched_id = next((str(query["Id"]) for query in queries if query.get("ReturnData", True)), None)
    if watched_id is None:
        return []
    series = Calculation(known, period, buckets).series(watched_id)
    if newest in series:
        series.pop(buckets[-1], None)
    return [series[bucket] for bucket in buckets if bucket in series]


def state_of(alarm: dict[str, Any], values: list[float]) -> str | None:
    """Return the state that an alarm should be in; None when it stays in the one that it has.

    Args:
        alarm: The emulator's record.
        values: Newest first.
    """
    breaches = _BREACHING.get(str(alarm.get("ComparisonOperator")))
    if breaches is None:
        return None
    wanted = int(alarm.get("EvaluationPeriods") or 1)
    enough = int(alarm.get("DatapointsToAlarm") or wanted)
    threshold = float(alarm.get("Threshold") or 0)
    verdicts = [breaches(value, threshold) for value in values[:wanted]]
    missing, treatment = wanted - len(verdicts), alarm.get("TreatMissingData") or "missing"
    if missing and treatment in {"breaching", "notBreaching"}:
        verdicts += [treatment == "breaching"] * missing
    if sum(verdicts) >= enough:
        return "ALARM"
    if verdicts:
        return "OK"
    return None if treatment == "ignore" else "INSUFFICIENT_DATA"
