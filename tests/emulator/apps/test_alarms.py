"""The example of the page about alarms: a job that fails for good, and an API that does, are told to functions."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("apps-alarms")

HANDLERS = {
    "functions/jobs.py": """
        def work(event, context):
            raise ValueError("this cannot be done")
    """,
    "functions/orders.py": """
        def create(event, context):
            raise ValueError("no orders today")
    """,
    "functions/ops.py": """
        def given_up(event, context):
            return event["alarmData"]["state"]["reason"]


        def broken(event, context):
            return event["alarmData"]["state"]["reason"]


        def failed(event, context):
            return event["alarmData"]["state"]["reason"]
    """,
}


@pytest.fixture(scope="module")
def app(deploy_example):
    return deploy_example("alarm", HANDLERS)


@pytest.fixture
def jobs(app):
    """The queue, whose messages come back at once instead of after a minute."""
    url = app.physical_id("jobs")
    app.aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "0"})
    return url


def test_a_message_that_ends_among_the_dead_letters_calls_the_function_of_the_alarm(app, jobs):
    mark = app.mark()
    app.aws("sqs").send_message(QueueUrl=jobs, MessageBody="poison")

    (seen,) = app.wait_for("given_up", since=mark)

    assert [one.ok for one in app.seen("work", since=mark)] == [False, False]
    assert seen.trigger.label == "alarm given-up"
    assert seen.response.startswith("Threshold Crossed: 1.0")
    [metric] = seen.event["alarmData"]["configuration"]["metrics"]
    assert metric["metricStat"]["metric"]["name"] == "ApproximateNumberOfMessagesVisible"
    assert "DeadLetters" in metric["metricStat"]["metric"]["dimensions"]["QueueName"]


@pytest.fixture
def calm(app, wait_for):
    """Wait until the alarm is over that another test has caused, on what is no longer watched."""

    def wait():
        name = app.physical_id("broken")
        alarms = app.aws("cloudwatch").describe_alarms
        wait_for(
            lambda: alarms(AlarmNames=[name])["MetricAlarms"][0]["StateValue"] != "ALARM",
            "the end of the alarm",
        )

    return wait


def test_an_api_that_fails_three_times_calls_the_function_of_the_alarm(app, calm):
    calm()
    mark = app.mark()
    statuses = [app.request("POST", "/orders", json={}).status for _ in range(3)]

    (seen,) = app.wait_for("broken", since=mark)

    assert statuses == [500, 500, 500]
    assert seen.trigger.label == "alarm broken"
    assert seen.response.startswith("Threshold Crossed: 3.0")


def test_an_alarm_watches_another_metric_after_an_update(app, calm):
    watched = {"metric_server_error()": "metric_client_error()", "threshold=3,": "threshold=2,"}

    with app.updated(watched) as mark:
        calm()
        statuses = [app.request("GET", "/nowhere").status for _ in range(2)]

        (seen,) = app.wait_for("broken", since=mark)

    assert statuses == [404, 404]
    [metric] = seen.event["alarmData"]["configuration"]["metrics"]
    assert metric["metricStat"]["metric"]["name"] == "4xx"
    assert seen.response.startswith("Threshold Crossed: 2.0")
