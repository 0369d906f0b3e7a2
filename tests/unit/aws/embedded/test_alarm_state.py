"""Alarms: what metric math makes of values, and which state they give, told by a clock that the tests set."""

from __future__ import annotations

import pytest

from sundog.aws.embedded.launcher.mends.alarm_math import Calculation, parsed
from sundog.aws.embedded.launcher.mends.alarm_state import newest_values, state_of, unknown_math

NOW = 6_000
BUCKETS = [6_000, 5_940, 5_880]
ERRORS = {6_000: 2.0, 5_940: 0.0}
REQUESTS = {6_000: 8.0, 5_940: 4.0, 5_880: 6.0}


def calculated(expression):
    queries = {"errors": ERRORS, "requests": REQUESTS, "none": {}, "e": expression}
    return Calculation(queries, 60, BUCKETS).series("e")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("errors / requests * 100", {6_000: 25.0, 5_940: 0.0}),
        ("requests / errors", {6_000: 4.0}),
        ("errors + 1", {6_000: 3.0, 5_940: 1.0}),
        ("-errors", {6_000: -2.0, 5_940: -0.0}),
        ("errors ^ 2", {6_000: 4.0, 5_940: 0.0}),
        ("SUM([errors, requests])", {6_000: 10.0, 5_940: 4.0, 5_880: 6.0}),
        ("MAX([errors, requests])", {6_000: 8.0, 5_940: 4.0, 5_880: 6.0}),
        ("SUM(requests)", dict.fromkeys(BUCKETS, 18.0)),
        ("SUM(METRICS())", {6_000: 10.0, 5_940: 4.0, 5_880: 6.0}),
        ("FILL(errors, 0)", {6_000: 2.0, 5_940: 0.0, 5_880: 0.0}),
        ("FILL(errors, REPEAT)", {6_000: 2.0, 5_940: 0.0}),
        ("IF(requests > 5, errors, 7)", {6_000: 2.0, 5_940: 7.0}),
        ("IF(errors > 0 AND requests > 0, 1, 0)", {6_000: 1.0, 5_940: 0.0}),
        ("errors > 1 || requests < 5", {6_000: 1.0, 5_940: 1.0}),
        ("errors / PERIOD(errors)", {6_000: 2 / 60, 5_940: 0.0}),
        ("none + errors", {}),
        ("5", dict.fromkeys(BUCKETS, 5.0)),
    ],
)
def test_an_expression_is_evaluated_for_each_period(expression, expected):
    assert calculated(expression) == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("ANOMALY_DETECTION_BAND(m1)", "ANOMALY_DETECTION_BAND of metric math is not known"),
        ("m1 +", "cannot be read"),
    ],
)
def test_what_cannot_be_evaluated_is_told_beforehand(expression, reason):
    with pytest.raises(ValueError, match=reason):
        parsed(expression)
    assert reason in (unknown_math([{"Id": "e1", "Expression": expression}]) or "")


def alarm(**settings):
    return {
        "MetricName": "Errors",
        "Namespace": "Shop",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        **settings,
    }


def values(settings, series):
    return newest_values(settings, lambda _stat, buckets: {b: series[b] for b in buckets if b in series}, NOW)


def test_the_period_that_is_not_over_counts_when_it_has_a_value():
    assert values(alarm(), {6_000: 3, 5_940: 1}) == [3, 1]
    assert values(alarm(), {5_940: 1}) == [1]
    assert values(alarm(), {5_700: 1}) == []


def test_an_alarm_on_an_expression_has_the_values_of_the_query_that_is_watched():
    metric = {"MetricStat": {"Metric": {}, "Period": 60, "Stat": "Sum"}, "ReturnData": False}
    queries = [{"Id": "e1", "Expression": "m1 * 2", "ReturnData": True}, {"Id": "m1", **metric}]

    assert values({**alarm(), "Metrics": queries}, {6_000: 3}) == [6]


@pytest.mark.parametrize(
    ("settings", "found", "state"),
    [
        ({}, [1], "ALARM"),
        ({}, [0], "OK"),
        ({}, [], "INSUFFICIENT_DATA"),
        ({"TreatMissingData": "ignore"}, [], None),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "notBreaching"}, [], "OK"),
        ({"EvaluationPeriods": 3}, [1, 1, 0], "OK"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [1, 0, 1], "ALARM"),
        ({"EvaluationPeriods": 2}, [1, 1, 0], "ALARM"),
        ({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}, [1], "ALARM"),
        ({"EvaluationPeriods": 2, "TreatMissingData": "notBreaching"}, [1], "OK"),
        ({"ComparisonOperator": "LessThanThreshold"}, [0], "ALARM"),
    ],
)
def test_the_state_of_an_alarm(settings, found, state):
    assert state_of(alarm(**settings), found) == state
