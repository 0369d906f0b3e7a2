"""Streams, schedules and alarms: batches, retries and halving as configured, and the events' shapes."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from sundog.testing.names import UnknownPart

pytestmark = pytest.mark.xdist_group("apps-streams")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "streams") as running:
        yield running


def ids(seen):
    return [record["dynamodb"]["Keys"]["id"]["S"].removeprefix("job-") for record in seen.event["Records"]]


def pages(seen):
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in seen.event["Records"]]


def test_a_change_that_fails_is_found_by_halving_tried_again_and_reported(app, wait_for):
    mark = app.mark()
    app.invoke("send", {"items": [{"id": f"job-{name}"} for name in ("a", "b", "bad", "c")]})

    def given_up():
        return (
            app.aws("sqs").receive_message(QueueUrl=app.output("GivenUp"), WaitTimeSeconds=1).get("Messages")
        )

    (message,) = wait_for(given_up, "the report of the record that was given up")
    app.wait_for("strict", where=lambda seen: ids(seen) == ["c"], since=mark)
    seen = app.seen("strict", since=mark)
    report = json.loads(message["Body"])

    assert [ids(one) for one in seen] == [
        ["a", "b", "bad", "c"],
        ["a", "b"],
        ["bad", "c"],
        ["bad"],
        ["bad"],
        ["c"],
    ]
    assert [one.ok for one in seen] == [False, True, False, False, False, True]
    assert seen[0].trigger.label == "table jobs"
    assert report["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert report["DDBStreamBatchInfo"]["batchSize"] == 1
    record = seen[3].event["Records"][0]
    assert report["DDBStreamBatchInfo"]["startSequenceNumber"] == record["dynamodb"]["SequenceNumber"]


def test_a_consumer_gets_only_the_changes_that_its_filter_lets_through(app):
    mark = app.mark()
    app.invoke("send", {"items": [{"id": "x", "state": "new"}, {"id": "x", "state": "done"}]})

    (seen,) = app.wait_for("audit", since=mark)
    copied = app.wait_for("copy", where=lambda one: b"done" in base64.b64decode(last_data(one)), since=mark)

    record = seen.event["Records"][0]
    assert (record["eventName"], record["dynamodb"]["OldImage"]["state"]) == ("MODIFY", {"S": "new"})
    assert seen.response == ["done"]
    # The table sends its changes to a Kinesis stream besides.
    assert copied[-1].trigger.label == "stream copies"


def last_data(seen):
    return seen.event["Records"][-1]["kinesis"]["data"]


def test_a_batch_goes_on_at_the_first_record_that_the_consumer_names(app):
    mark = app.mark()
    app.invoke("send", {"pages": ["first", "second", "third"]})

    seen = app.wait_for("count", count=2, since=mark)

    assert [pages(one) for one in seen] == [["first", "second", "third"], ["second", "third"]]
    assert seen[0].trigger.label == "stream clicks"
    assert seen[0].event["Records"][0]["eventSource"] == "aws:kinesis"


def test_a_schedule_goes_by_the_clock_of_its_time_zone_and_gives_its_input(app):
    # Another test runs it again, after the clock has; a third gives it something else.
    seen = app.wait_for("once", where=lambda one: one.event == {"kind": "daily"})[0]

    assert seen.trigger.label == "cron once"


def test_a_schedule_that_a_test_runs_sends_what_the_clock_sends(app):
    by_clock = app.wait_for("bare")[0]
    app.wait_for("once")
    mark = app.mark()

    assert app.run_schedule("bare") == "Scheduled Event"
    assert app.run_schedule("once") == "daily"
    (by_test,) = app.wait_for("bare", since=mark)
    events = [one.event | {"id": "", "time": ""} for one in (by_clock, by_test)]
    assert events[0] == events[1]
    assert by_test.event["detail"] == "{}"
    assert by_test.trigger.label == by_clock.trigger.label == "cron bare"


def test_a_schedule_of_another_name_is_told_with_those_that_there_are(app):
    with pytest.raises(UnknownPart, match="the app has no Cron `onec`") as unknown:
        app.run_schedule("onec")

    assert unknown.value.fixes == ("write `once`",)


def put_errors(app, value):
    data = [{"MetricName": "Errors", "Value": value, "Unit": "Count"}]
    app.aws("cloudwatch").put_metric_data(Namespace="Shop", MetricData=data)


def was_raised(seen):
    return seen.event["alarmData"]["previousState"]["value"] == "ALARM"


def reason_of(seen):
    return seen.event["alarmData"]["state"]["reason"]


def settle(app):
    name = app.physical_id("errors")
    app.aws("cloudwatch").set_alarm_state(AlarmName=name, StateValue="OK", StateReason="mended")


def test_an_alarm_calls_functions_when_its_state_changes(app, wait_for):
    mark = app.mark()
    settle(app)
    put_errors(app, 11)
    # The errors of another test may still count, and whoever looks next raises it again.
    raised = app.wait_for("raised", since=mark)[0]
    settle(app)
    settled = app.wait_for("settled", where=was_raised, since=mark)[0]

    assert (raised.event["source"], raised.response, raised.trigger.label) == (
        "aws.cloudwatch",
        "ALARM",
        "alarm errors",
    )
    stat = raised.event["alarmData"]["configuration"]["metrics"][0]["metricStat"]
    assert stat["metric"]["name"] == "Errors"
    assert settled.response == "OK"


def test_a_schedule_of_a_group_that_may_be_late_runs_once(app):
    seen = app.wait_for("grouped")[0]
    (group,) = [
        one
        for one in app.aws("scheduler").list_schedules()["Schedules"]
        if one["Target"]["Arn"].endswith(app.physical_name("grouped"))
    ]
    schedule = app.aws("scheduler").get_schedule(Name=group["Name"], GroupName=group["GroupName"])

    assert seen.trigger.label == "cron grouped"
    assert group["GroupName"] != "default"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1}
    assert schedule["Target"]["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 2}
    assert schedule["Target"]["DeadLetterConfig"]["Arn"].endswith(app.output("GivenUp").rpartition("/")[2])


def test_indexes_find_items_another_way_and_have_what_is_projected(app):
    tables, name = app.aws("dynamodb"), app.physical_id("books")
    for title, author, price in (("B", "ada", "9"), ("A", "ada", "5"), ("C", "bob", "7")):
        tables.put_item(
            TableName=name,
            Item={
                "shelf": {"S": "1"},
                "title": {"S": title},
                "author": {"S": author},
                "year": {"N": "1843"},
                "price": {"N": price},
                "text": {"S": "long"},
            },
        )

    def found(index, condition, **values):
        answer = tables.query(
            TableName=name,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues={f":{key}": value for key, value in values.items()},
            ExpressionAttributeNames={"#year": "year"}
            if "#year" in condition
            else {"#author": "author"}
            if "#author" in condition
            else {"#shelf": "shelf"},
        )
        return answer["Items"]

    by_author = found("byAuthor", "#author = :who", who={"S": "ada"})
    by_year = found("byYear", "#year = :year AND title > :title", year={"N": "1843"}, title={"S": "A"})
    by_price = found("byPrice", "#shelf = :shelf AND price < :price", shelf={"S": "1"}, price={"N": "9"})

    assert sorted(item["title"]["S"] for item in by_author) == ["A", "B"]
    assert {frozenset(item) for item in by_author} == {frozenset({"shelf", "title", "author"})}
    assert [item["title"]["S"] for item in by_year] == ["B", "C"]
    assert {frozenset(item) for item in by_year} == {frozenset({"shelf", "title", "year", "price"})}
    assert [item["price"]["N"] for item in by_price] == ["5", "7"]
    assert {frozenset(item) for item in by_price} == {frozenset({"shelf", "title", "price", "author"})}


def test_what_a_function_logs_is_measured_and_an_alarm_on_an_expression_calls_another(app):
    mark = app.mark()
    app.invoke("send", {"refused": [4]})
    app.invoke("send", {"refused": [3, 5]})

    (seen,) = app.wait_for("refused", since=mark)

    assert "refused * 2" in seen.response
    assert seen.event["alarmData"]["state"]["reason"].startswith("Threshold Crossed: 24.0")
    assert seen.trigger.label == "alarm refused-alarm"


@pytest.fixture
def updated(app):
    """An update of every source; undone at the end."""
    changes = {
        '"eventName": ["MODIFY"]': '"eventName": ["REMOVE"]',
        '"batch_window": "20 seconds"': '"batch_window": "1 second"',
        'input={"kind": "daily"}': 'input={"kind": "weekly"}',
        "threshold=10,": "threshold=100,",
    }
    with app.updated(changes) as mark:
        yield mark


def test_consumers_schedules_and_alarms_follow_an_update(app, updated):
    mark = updated
    # The clock may be quicker than the session, which names the trigger once the deploy has ended.
    app.wait_for("once", where=lambda one: one.event == {"kind": "weekly"}, since=mark)
    app.invoke("send", {"pages": ["only one"]})
    (counted,) = app.wait_for("count", since=mark)
    settle(app)
    put_errors(app, 101)
    # Another test's data may have raised it before the update.
    raised = app.wait_for("raised", where=lambda one: "100.0" in reason_of(one), since=mark)[0]
    settle(app)

    assert pages(counted) == ["only one"]
    assert raised.event["alarmData"]["state"]["value"] == "ALARM"
    app.invoke("send", {"items": [{"id": "y", "state": "new"}, {"id": "y", "state": "done"}]})
    app.aws("dynamodb").delete_item(TableName=app.physical_id("jobs"), Key={"id": {"S": "y"}})

    (seen,) = app.wait_for("audit", since=mark)

    assert [record["eventName"] for record in seen.event["Records"]] == ["REMOVE"]


def test_a_pipe_of_the_cdk_hands_over_its_records_and_is_named(app):
    mark = app.mark()
    app.aws("sqs").send_message(QueueUrl=app.output("Scans"), MessageBody="page one")
    (seen,) = app.wait_for("piped", since=mark)

    assert [record["eventSource"] for record in seen.event] == ["aws:sqs"]
    assert seen.response == ["page one"]
    assert (seen.trigger.kind, seen.trigger.label) == ("pipe", "pipe scanner")


@pytest.mark.last
def test_a_schedule_and_a_rule_of_the_cdk_call_every_minute(app):
    minutely = app.wait_for("minutely", seconds=90)[0]
    ticked = app.wait_for("ticked", seconds=90)[0]

    assert (minutely.event, minutely.trigger.label) == ({"kind": "minute"}, "cron minutely")
    assert (ticked.event["source"], ticked.response) == ("aws.events", "Scheduled Event")
    assert "eachminute" in ticked.event["resources"][0]
    assert (ticked.trigger.kind, ticked.trigger.label) == ("cron", "rule each-minute")
