"""Metric math: expressions over series of values.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html. A series is a dictionary of values by the
start of their period; a number stands for itself in every period.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import statistics
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

Series: TypeAlias = dict[int, float]
Value: TypeAlias = "Series | float | list[Series]"

_WORDS = {r"&&": " and ", r"\|\|": " or ", r"\bAND\b": "and", r"\bOR\b": "or", r"\^": "**"}
_TWO: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
    ast.And: lambda a, b: float(bool(a) and bool(b)),
    ast.Or: lambda a, b: float(bool(a) or bool(b)),
}
_OVER_MANY: dict[str, Callable[[list[float]], float]] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "STDDEV": statistics.pstdev,
}
_OF_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_NAMED = frozenset({*_OVER_MANY, *_OF_ONE, "IF", "FILL", "METRICS", "PERIOD"})


def parsed(expression: str) -> ast.expr:
    """Return an expression that can be evaluated.

    Args:
        expression: As CloudWatch takes it.

    Raises:
        ValueError: It is none, or uses what is not known here.
    """
    text = expression.strip()
    for written, meant in _WORDS.items():
        text = re.sub(written, meant, text)
    try:
        found = ast.parse(text, mode="eval").body
    except SyntaxError:
        raise ValueError(f"the expression `{expression}` cannot be read") from None
    for node in ast.walk(found):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else "?"
            if name not in _NAMED:
                raise ValueError(f"the function {name} of metric math is not known to the local cloud")
    return found


class Calculation:
    """Evaluates the expressions of an alarm."""

    def __init__(self, queries: Mapping[str, str | Series], period: int, buckets: list[int]) -> None:
        """Take the metrics and the expressions, by their ids.

        Args:
            queries: A series, or an expression over others.
            period: Of the alarm, in seconds.
            buckets: The starts of the periods that it looks at.
        """
        self._queries = queries
        self._period = period
        self._buckets = buckets

    def series(self, name: str) -> Series:
        """Return the values of a metric or of an expression."""
        found = self._queries[name]
        value = self._value(parsed(found)) if isinstance(found, str) else found
        if isinstance(value, list):
            raise ValueError(f"`{name}` is several series, and an alarm watches one")  # noqa: TRY004 - the type is the user's choice
        return value if isinstance(value, dict) else dict.fromkeys(self._buckets, value)

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._queries:
                return self.series(name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _each(self._one(operand), operator.neg)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _TWO:
                return _both(self._one(left), self._one(right), _TWO[type(op)])
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _TWO:
                return _both(self._one(left), self._one(right), _TWO[type(op)])
            case ast.BoolOp(op=op, values=[first, *others]):
                result = self._one(first)
                for other in others:
                    result = _both(result, self._one(other), _TWO[type(op)])
                return result
            case ast.List(elts=elements):
                return [self._as_series(element) for element in elements]
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self._call(name, arguments)
        raise ValueError(f"`{ast.unparse(node)}` is no part of metric math that the local cloud knows")

    def _one(self, node: ast.expr) -> Series | float:
        value = self._value(node)
        if isinstance(value, list):
            raise ValueError(f"`{ast.unparse(node)}` is several series where one is needed")  # noqa: TRY004 - as above
        return value

    def _as_series(self, node: ast.expr) -> Series:
        value = self._one(node)
        return value if isinstance(value, dict) else dict.fromkeys(self._buckets, value)

    def _call(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == "METRICS":
            return [found for found in self._queries.values() if not isinstance(found, str)]
        if name == "PERIOD":
            return float(self._period)
        if name in _OF_ONE:
            return _each(self._one(arguments[0]), _OF_ONE[name])
        if name == "IF":
            return self._choose(*arguments)
        if name == "FILL":
            return self._fill(*arguments)
        given = self._value(arguments[0])
        over = _OVER_MANY[name]
        if isinstance(given, list):
            # By period, over the series that have a value in it.
            present = {bucket for series in given for bucket in series}
            return {
                bucket: over([series[bucket] for series in given if bucket in series]) for bucket in present
            }
        if isinstance(given, dict):
            # Of one series, over its periods.
            return over(list(given.values())) if given else {}
        return given

    def _choose(self, condition: ast.expr, then: ast.expr, other: ast.expr | None = None) -> Value:
        holds = self._one(condition)
        chosen: tuple[Any, Any] = (self._one(then), {} if other is None else self._one(other))
        if not isinstance(holds, dict):
            either: Value = chosen[0] if holds else chosen[1]
            return either
        picked = {bucket: chosen[0] if true else chosen[1] for bucket, true in holds.items()}
        return {
            bucket: series[bucket] if isinstance(series, dict) else series
            for bucket, series in picked.items()
            if not isinstance(series, dict) or bucket in series
        }

    def _fill(self, node: ast.expr, filling: ast.expr) -> Value:
        series = self._as_series(node)
        if isinstance(filling, ast.Name) and filling.id == "REPEAT":
            filled, last = {}, None
            for bucket in sorted(self._buckets):
                last = series.get(bucket, last)
                if last is not None:
                    filled[bucket] = last
            return filled
        other = self._as_series(filling)
        return {bucket: series.get(bucket, other.get(bucket, 0.0)) for bucket in self._buckets}


def _each(value: Series | float, act: Callable[[float], float]) -> Series | float:
    if isinstance(value, dict):
        return {bucket: act(one) for bucket, one in value.items()}
    return act(value)


def _both(
    left: Series | float, right: Series | float, act: Callable[[float, float], float]
) -> Series | float:
    """Return the result in the periods in which both have a value; what cannot be divided has none."""
    buckets = {bucket for side in (left, right) if isinstance(side, dict) for bucket in side}
    if not buckets and not isinstance(left, dict) and not isinstance(right, dict):
        return act(left, right)
    result: Series = {}
    for bucket in buckets:
        first = left.get(bucket) if isinstance(left, dict) else left
        second = right.get(bucket) if isinstance(right, dict) else right
        if first is None or second is None:
            continue
        try:
            result[bucket] = act(first, second)
        except (ZeroDivisionError, OverflowError):
            continue
    return result
