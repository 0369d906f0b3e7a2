"""Alarms mix up the values of all dimensions and periods, look only when a value comes, and know no metric math.

An alarm on the errors of one function went off for those of another one. `DatapointsToAlarm` and `TreatMissingData` did
nothing, and an alarm whose metric fell silent kept its state.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from .alarm_math import Series
from .alarm_state import newest_values, normal, queries_of, state_of, unknown_math, watched

MODULE = "ministack.services.cloudwatch"
VERSIONS = frozenset({"1.5.33"})

_SECONDS_BETWEEN_LOOKS = 10.0
"""For what no value tells: that there is none any more."""
_SECONDS_AFTER_A_LOOK = 1.0
"""So that many values make few looks."""
_LATE_POINTS = 100
"""So many old points in a row mean that no younger ones stand before them."""
_OF_ALL_RESOURCES = frozenset({"AWS/Lambda"})
"""What these measure without dimensions is of all their resources together."""

_wanted = threading.Event()
"""Set when there are values that alarms may watch."""
_deciding = threading.Lock()
"""A value and a look may come together, and the change of a state is to be told once."""


def mend(module: Any) -> None:
    """Evaluate as CloudWatch does, when a value comes and now and then."""
    record = module.record_metric

    def record_and_look(namespace: str, metric_name: str, *rest: Any, **named: Any) -> None:
        record(namespace, metric_name, *rest, **named)
        for alarm in list(module._alarms.values()):
            if (namespace, metric_name) in watched(alarm):
                module._evaluate_alarm(alarm)

    module._evaluate_alarm = lambda alarm: evaluate(module, alarm, time.time())
    module.record_metric = record_and_look
    _keep_queries(module)
    threading.Thread(target=_look_for_ever, args=(module,), daemon=True, name="alarms").start()


def look_soon() -> None:
    """Have all alarms evaluated within a second or so, for values that come where nobody should wait for that."""
    _wanted.set()


def evaluate(module: Any, alarm: dict[str, Any], now: float) -> None:
    """Bring an alarm into the state that it should be in, and tell whom it tells.

    Args:
        module: The CloudWatch service.
        alarm: Its record.
        now: The time.
    """
    if not queries_of(alarm):
        return
    with _deciding:
        values = newest_values(alarm, lambda stat, buckets: _series(module, stat, buckets), now)
        old, new = alarm["StateValue"], state_of(alarm, values)
        if new is None or new == old:
            return
        operator, threshold = alarm.get("ComparisonOperator"), alarm.get("Threshold")
        reason = (
            f"Threshold Crossed: {values[0] if values else 'no value'} {operator} {threshold}"
            if new != "INSUFFICIENT_DATA"
            else "Insufficient Data: no value was received"
        )
        alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(now))
    module._record_history(alarm["AlarmName"], old, new, reason)
    module._dispatch_alarm_actions(alarm, old, new, reason)
    module._evaluate_parent_alarms(alarm)


def _series(module: Any, stat: dict[str, Any], buckets: list[int]) -> Series:
    metric, period = stat["Metric"], int(stat.get("Period") or 60)
    namespace, name, unit = metric.get("Namespace"), metric.get("MetricName"), stat.get("Unit")
    dimensions = module._dims_key(module._dims_from_list(metric.get("Dimensions") or []))
    is_of_all = not dimensions and namespace in _OF_ALL_RESOURCES
    points: dict[int, list[Any]] = {bucket: [] for bucket in buckets}
    for (of_namespace, of_name, of_dimensions), kept in list(module._metrics.items()):
        if (of_namespace, of_name) == (namespace, name) and (is_of_all or of_dimensions == dimensions):
            for point in _recent(kept, min(buckets)):
                bucket = int(point["Timestamp"] // period) * period
                if bucket in points and unit in {None, point.get("Unit")}:
                    points[bucket].append(point)
    found: Series = {}
    for bucket, in_it in points.items():
        if in_it:
            value = module._stat_value(module._calc_stats(in_it), stat.get("Stat") or "Average", in_it)
            if value is not None:
                found[bucket] = value
    return found


def _recent(kept: list[dict[str, Any]], oldest: int) -> Iterator[dict[str, Any]]:
    """Return the points that are not older than a time, without going through two weeks of them."""
    old_in_a_row = 0
    for point in reversed(list(kept)):
        if point["Timestamp"] >= oldest:
            old_in_a_row = 0
            yield point
            continue
        # A point may come late, and then it stands behind younger ones.
        old_in_a_row += 1
        if old_in_a_row == _LATE_POINTS:
            return


def _look_for_ever(module: Any) -> None:
    from ministack.core.responses import _request_account_id, _request_region

    while True:
        _wanted.wait(_SECONDS_BETWEEN_LOOKS)
        _wanted.clear()
        for (account, region, _name), alarm in list(module._alarms._data.items()):
            account_token = _request_account_id.set(account)
            region_token = _request_region.set(region)
            try:
                # Through the module, where other mends measure what the alarm watches first.
                module._evaluate_alarm(alarm)
            except Exception:  # one alarm must not keep the others from being looked at
                module.logger.exception("the alarm %s could not be evaluated", alarm.get("AlarmName"))
            finally:
                _request_region.reset(region_token)
                _request_account_id.reset(account_token)
        time.sleep(_SECONDS_AFTER_A_LOOK)


def _keep_queries(module: Any) -> None:
    """Keep the metrics and expressions that an alarm is made with."""
    put = module._put_metric_alarm

    def put_with_queries(params: Any, decoded: Any, *protocol: Any) -> Any:
        is_query = not any(protocol)
        queries = _nested(params, "Metrics.member") if is_query else decoded.get("Metrics")
        refused = unknown_math(queries or [])
        if refused:
            return module._error(
                "ValidationError", refused, 400, **dict(zip(("use_cbor", "use_json"), protocol, strict=False))
            )
        answer = put(params, decoded, *protocol)
        if queries and answer[0] == 200:
            name = module._p(params, "AlarmName") if is_query else decoded["AlarmName"]
            alarm = module._alarms[name]
            alarm["Metrics"] = normal(queries)
            module._evaluate_alarm(alarm)
        return answer

    module._put_metric_alarm = put_with_queries


def _nested(params: dict[str, Any], name: str) -> Any:
    """Return a list of structures of the query protocol: `Metrics.member.1.MetricStat.Period=60`."""
    tree: dict[str, Any] = {}
    for key, value in params.items():
        if key.startswith(f"{name}."):
            *way, last = key.removeprefix(f"{name}.").split(".")
            node = tree
            for step in way:
                node = node.setdefault(step, {})
            node[last] = value[0] if isinstance(value, list) else value
    return _with_lists(tree) if tree else []


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() for key in node):
        return [_with_lists(node[key]) for key in sorted(node, key=int)]
    return {
        key: _with_lists(one.get("member", one) if isinstance(one, dict) else one)
        for key, one in node.items()
    }
