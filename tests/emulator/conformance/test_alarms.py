"""Alarms and metric filters: dimensions, expressions, and what a log says."""

from __future__ import annotations

import json
import time
import uuid

import pytest

ABOVE = "GreaterThanOrEqualToThreshold"


def unique():
    return f"Shop{uuid.uuid4().hex[:8]}"


def report(bench, namespace, name, value, **dimensions):
    datum = {"MetricName": name, "Value": value}
    named = [{"Name": key, "Value": one} for key, one in dimensions.items()]
    bench.aws.client("cloudwatch").put_metric_data(
        Namespace=namespace, MetricData=[{**datum, "Dimensions": named}]
    )


def alarm(bench, **settings):
    name = f"alarm-{uuid.uuid4().hex[:8]}"
    bench.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=name, **{"EvaluationPeriods": 1, "ComparisonOperator": ABOVE, "Threshold": 1, **settings}
    )
    return name


def described(bench, name):
    (found,) = bench.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def one_metric(namespace, name, **dimensions):
    return {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": one} for key, one in dimensions.items()],
        "Statistic": "Sum",
        "Period": 60,
    }


def metric(namespace, name, **more):
    # An hour, so that what a test reports falls into one period.
    stat = {"Metric": {"Namespace": namespace, "MetricName": name}, "Period": 3600, "Stat": "Sum"}
    return {"Id": name.lower(), "MetricStat": stat, "ReturnData": False, **more}


def share(namespace):
    expression = {"Id": "share", "Expression": "errors / requests * 100", "ReturnData": True}
    return [expression, metric(namespace, "Errors"), metric(namespace, "Requests")]


def test_an_alarm_watches_its_own_dimensions_only(mended):
    namespace = unique()
    name = alarm(mended, **one_metric(namespace, "Errors", Shop="one"))

    report(mended, namespace, "Errors", 5, Shop="two")
    before = described(mended, name)["StateValue"]
    report(mended, namespace, "Errors", 5, Shop="one")

    assert before == "INSUFFICIENT_DATA"
    assert described(mended, name)["StateValue"] == "ALARM"


def test_an_alarm_on_an_expression_calls_a_function(mended, wait_for):
    namespace = unique()
    function, arn = mended.function(lambda event, headers: None)
    name = alarm(mended, Metrics=share(namespace), Threshold=50, AlarmActions=[arn])

    report(mended, namespace, "Requests", 10)
    report(mended, namespace, "Errors", 1)
    before = described(mended, name)
    report(mended, namespace, "Errors", 5)
    [event] = wait_for(lambda: mended.seen(function), "the alarm")

    assert before["StateValue"] == "OK"
    assert [query["Id"] for query in before["Metrics"]] == ["share", "errors", "requests"]
    watched = event["alarmData"]["configuration"]["metrics"]
    assert watched[0]["expression"] == "errors / requests * 100"
    assert watched[1]["metricStat"]["metric"]["name"] == "Errors"


def test_an_expression_that_is_not_known_is_refused(mended):
    band = {"Id": "band", "Expression": "ANOMALY_DETECTION_BAND(errors)", "ReturnData": True}

    with pytest.raises(Exception, match="ANOMALY_DETECTION_BAND"):
        alarm(mended, Metrics=[band, metric(unique(), "Errors")])


def deployed(bench, namespace, expression):
    queries = [{"Id": "share", "Expression": expression}, metric(namespace, "Errors")]
    properties = {
        "Metrics": queries,
        "EvaluationPeriods": 1,
        "ComparisonOperator": ABOVE,
        "Threshold": 4,
        "TreatMissingData": "notBreaching",
    }
    return bench.aws.deploy({"It": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}})


def test_a_template_makes_an_alarm_on_an_expression(mended):
    namespace = unique()
    stack = deployed(mended, namespace, "errors * 2")
    name = mended.aws.resource(stack["StackName"], "It")
    before = described(mended, name)["StateValue"]

    report(mended, namespace, "Errors", 2)

    assert before == "OK"
    assert described(mended, name)["StateValue"] == "ALARM"


def test_a_template_with_an_expression_that_is_not_known_fails(mended):
    stack = deployed(mended, unique(), "RATE(errors)")

    assert stack["StackStatus"].startswith("ROLLBACK")
    assert "RATE of metric math is not known" in mended.aws.reasons(stack["StackName"])


def measured_log(bench, pattern, **transformation):
    """Make a log group whose lines are measured; return what writes into it, and the namespace."""
    logs, group, namespace = bench.aws.client("logs"), f"/app/{uuid.uuid4().hex[:8]}", unique()
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    logs.put_metric_filter(
        logGroupName=group,
        filterName="measured",
        filterPattern=pattern,
        metricTransformations=[
            {"metricName": "Found", "metricNamespace": namespace, "metricValue": "1", **transformation}
        ],
    )

    def write(*lines):
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    return write, namespace


def values(bench, namespace, **dimensions):
    found = bench.aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName="Found",
        Dimensions=[{"Name": key, "Value": one} for key, one in dimensions.items()],
        StartTime=time.time() - 3600,
        EndTime=time.time() + 60,
        Period=3600,
        Statistics=["Sum", "SampleCount"],
    )["Datapoints"]
    return sum(point["Sum"] for point in found), sum(point["SampleCount"] for point in found)


def test_a_metric_filter_feeds_an_alarm_which_calls_a_function(mended, wait_for):
    write, namespace = measured_log(mended, '{ $.level = "ERROR" }')
    function, arn = mended.function(lambda event, headers: None)
    alarm(mended, **one_metric(namespace, "Found"), AlarmActions=[arn])

    write(json.dumps({"level": "INFO"}), "no JSON")
    before = mended.seen(function)
    write(json.dumps({"level": "ERROR"}))
    [event] = wait_for(lambda: mended.seen(function), "the alarm")

    assert before == []
    assert event["alarmData"]["state"]["value"] == "ALARM"


def test_a_metric_filter_reads_values_and_dimensions_in_the_log(mended):
    write, namespace = measured_log(
        mended, "{ $.took > 0 }", metricValue="$.took", dimensions={"Route": "$.route"}
    )

    write(*(json.dumps({"took": took, "route": route}) for took, route in ((5, "a"), (7, "a"), (9, "b"))))

    assert values(mended, namespace, Route="a") == (12, 2)
    assert values(mended, namespace, Route="b") == (9, 1)


def test_a_metric_filter_has_a_default_for_lines_that_it_does_not_mean(mended):
    write, namespace = measured_log(mended, "ERROR", defaultValue=0)

    write("all is well")
    write("an ERROR")

    assert values(mended, namespace) == (1, 2)


def test_a_pattern_that_is_none_is_refused(mended):
    with pytest.raises(Exception, match="Invalid filter pattern"):
        measured_log(mended, "{ $.level = ")


def test_events_of_a_log_are_found_by_patterns_of_json(mended):
    logs, group = mended.aws.client("logs"), f"/app/{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="one")
    lines = [json.dumps({"level": level}) for level in ("INFO", "ERROR")]
    events = [{"timestamp": int(time.time() * 1000), "message": line} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    found = logs.filter_log_events(logGroupName=group, filterPattern='{ $.level = "ERROR" }')["events"]

    assert [event["message"] for event in found] == lines[1:]


def test_metric_filters_is_still_needed(unmended_bench):
    write, namespace = measured_log(unmended_bench, "ERROR")
    write("an ERROR")

    assert values(unmended_bench, namespace) == (0, 0), "the emulator's metric filters emit metrics"


def test_alarm_evaluation_is_still_needed(unmended_bench):
    namespace = unique()
    name = alarm(unmended_bench, **one_metric(namespace, "Errors", Shop="one"))
    report(unmended_bench, namespace, "Errors", 5, Shop="two")

    assert described(unmended_bench, name)["StateValue"] == "ALARM", "the emulator tells dimensions apart"


def test_alarm_properties_is_still_needed(unmended_bench):
    stack = deployed(unmended_bench, unique(), "errors * 2")

    assert stack["StackStatus"].startswith("ROLLBACK"), "the emulator makes alarms on expressions"
