"""What services measure, in CloudWatch: a point is a value, a minute, and how often the value came in it.

Services of AWS publish once a minute. Equal values of a minute are one point, so that a burst of requests leaves a few
points behind and all statistics, percentiles too, are those of the values one by one.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

Point: TypeAlias = dict[str, Any]
"""The emulator's record of a value."""

_MINUTE = 60
_NOTHING = "nothing"
_SHORT = 1
_LOOKED_AT = 200
"""So many points are looked at for an equal value; one more point is as right."""

_changing = threading.Lock()
"""Functions of queues run in threads, APIs in the emulator's loop."""


class Metric(NamedTuple):
    """One metric of one resource."""

    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]


def count(metric: Metric, value: float, *, times: int = 1, at: float | None = None) -> None:
    """Add a value to what was measured in a minute.

    Args:
        metric: Of which metric, in the account and region of the request that is being served.
        value: The value.
        times: How often it was measured.
        at: When it was measured, if not now.
    """
    if not times:
        return
    minute = _minute(at)
    with _changing:
        points = _points(metric)
        for point in _in_minute(points, minute):
            if _NOTHING in point:
                del point[_NOTHING]
                point.update(Value=float(value), Count=float(times))
                return
            if point["Value"] == value:
                point["Count"] += times
                return
        points.append(_point(metric, minute, value, times))


def keep(metric: Metric, value: float) -> None:
    """Have a minute's one value be the newest, as when CloudWatch is told once a minute."""
    minute = _minute(None)
    with _changing:
        points = _points(metric)
        for point in _in_minute(points, minute):
            point["Value"] = float(value)
            return
        points.append(_point(metric, minute, value, 1))


def keep_nothing(metric: Metric) -> None:
    """Have a minute be zero as long as nothing is counted in it."""
    minute = _minute(None)
    with _changing:
        points = _points(metric)
        if not any(_in_minute(points, minute)):
            points.append({**_point(metric, minute, 0, 1), _NOTHING: True})


def milliseconds(seconds: float) -> float:
    """Return a time as it is published: not so exactly that no two are equal."""
    exact = seconds * 1000
    return round(exact, 1 if exact < _SHORT else 0)


def _minute(at: float | None) -> float:
    return (time.time() if at is None else at) // _MINUTE * _MINUTE


def _points(metric: Metric) -> list[Point]:
    from ministack.services import cloudwatch

    key = (metric.namespace, metric.name, _dimensions_key(metric.dimensions))
    found: list[Point] = cloudwatch._metric_bucket(key)
    return found


@lru_cache(maxsize=1000)
def _dimensions_key(dimensions: tuple[tuple[str, str], ...]) -> str:
    from ministack.services import cloudwatch

    return str(cloudwatch._dims_key(dict(dimensions)))


def _in_minute(points: list[Point], minute: float) -> Iterator[Point]:
    for point in itertools.islice(reversed(points), _LOOKED_AT):
        if point["Timestamp"] != minute:
            return
        yield point


def _point(metric: Metric, minute: float, value: float, times: int) -> Point:
    return {
        "Timestamp": minute,
        "Value": float(value),
        "Count": float(times),
        "Unit": metric.unit,
        "Dimensions": dict(metric.dimensions),
    }
