"""The metrics that services publish: of queues, of APIs, of topics; and the alarms that watch them."""

from __future__ import annotations

import json
import time
import uuid

import pytest

VISIBLE = "ApproximateNumberOfMessagesVisible"
ABOVE = "GreaterThanOrEqualToThreshold"


def values(bench, namespace, name, statistic="Sum", **dimensions):
    """Return a statistic over the last hours; None when nothing was published."""
    found = bench.aws.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": one} for key, one in dimensions.items()],
        StartTime=time.time() - 7200,
        EndTime=time.time() + 7200,
        # Longer than the tests run, so that all is in one period or two.
        Period=86400,
        Statistics=[statistic],
    )["Datapoints"]
    return sum(point[statistic] for point in found) if found else None


@pytest.fixture
def queue(mended):
    return new_queue(mended)


class Queue:
    def __init__(self, bench, name, url, arn):
        self.bench, self.name, self.url, self.arn = bench, name, url, arn
        self._sqs = bench.aws.client("sqs")

    def send(self, *bodies):
        entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
        self._sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    def receive(self, most=10, **settings):
        answer = self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=most, WaitTimeSeconds=1, **settings
        )
        return answer.get("Messages", [])

    def delete(self, *messages):
        for message in messages:
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def value(self, name):
        # Of what it holds there is a value each minute that an alarm looks.
        statistic = "Maximum" if name.startswith("Approximate") else "Sum"
        return values(self.bench, "AWS/SQS", name, statistic, QueueName=self.name)

    def alarm(self, **settings):
        name = f"alarm-{uuid.uuid4().hex[:8]}"
        watched = {
            "Namespace": "AWS/SQS",
            "MetricName": VISIBLE,
            "Dimensions": [{"Name": "QueueName", "Value": self.name}],
            "Statistic": "Maximum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": ABOVE,
        }
        self.bench.aws.client("cloudwatch").put_metric_alarm(AlarmName=name, **{**watched, **settings})
        return name


def new_queue(bench, **attributes):
    name = f"queue-{uuid.uuid4().hex[:8]}"
    sqs = bench.aws.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Queue(bench, name, url, arn)


def with_dead_letters(bench, dead_letters):
    policy = json.dumps({"deadLetterTargetArn": dead_letters.arn, "maxReceiveCount": 1})
    return new_queue(bench, RedrivePolicy=policy, VisibilityTimeout="0")


def test_the_depth_of_a_queue_is_what_it_holds_when_it_is_read(queue):
    queue.send("one", "two", "three")
    queue.receive(most=1)

    assert queue.value(VISIBLE) == 2
    assert queue.value("ApproximateNumberOfMessagesNotVisible") == 1


def test_a_queue_counts_what_is_sent_received_and_deleted(queue):
    queue.send("one", "two", "three")
    queue.delete(*queue.receive()[:2])

    assert queue.value("NumberOfMessagesSent") == 3
    assert queue.value("NumberOfMessagesReceived") == 3
    assert queue.value("NumberOfMessagesDeleted") == 2


def test_what_a_topic_sends_to_a_queue_counts_and_a_purge_loses_none(mended, queue):
    topic = mended.topic(("sqs", queue.arn))
    mended.aws.client("sns").publish(TopicArn=topic, Message="from a topic")
    mended.aws.client("sqs").purge_queue(QueueUrl=queue.url)

    assert queue.value("NumberOfMessagesSent") == 1
    assert queue.value(VISIBLE) == 0


def test_an_alarm_on_a_dead_letter_queue_calls_its_function(mended, queue, wait_for):
    source = with_dead_letters(mended, queue)
    function, arn = mended.function(lambda event, headers: None)
    queue.alarm(AlarmActions=[arn])
    source.send("poison")
    source.receive()

    # Whoever looks next finds that it was received once too often, and moves it.
    source.receive()
    [event] = wait_for(lambda: mended.seen(function), "the alarm")

    assert event["alarmData"]["state"]["value"] == "ALARM"
    assert queue.value(VISIBLE) == 1
    # As on AWS, a message that is moved is not one that is sent.
    assert queue.value("NumberOfMessagesSent") == 0


def test_an_alarm_on_a_queue_ends_when_the_queue_is_empty(mended, queue, wait_for):
    function, arn = mended.function(lambda event, headers: None)
    name = queue.alarm(OKActions=[arn], AlarmActions=[arn])
    queue.send("one")

    def states():
        return [event["alarmData"]["state"]["value"] for event in mended.seen(function)]

    wait_for(lambda: "ALARM" in states(), "the alarm")
    queue.delete(*queue.receive())
    wait_for(lambda: states()[-1] == "OK", "its end")

    alarm = mended.aws.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]
    assert alarm["StateValue"] == "OK"


def test_the_metrics_of_a_queue_are_listed(mended, queue):
    listed = mended.aws.client("cloudwatch").list_metrics(
        Namespace="AWS/SQS", Dimensions=[{"Name": "QueueName", "Value": queue.name}]
    )["Metrics"]

    assert {metric["MetricName"] for metric in listed} == {
        VISIBLE,
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "NumberOfMessagesDeleted",
        "NumberOfMessagesReceived",
        "NumberOfMessagesSent",
    }


def test_queue_metrics_is_still_needed(unmended_bench):
    queue = new_queue(unmended_bench)
    queue.send("one")

    assert queue.value(VISIBLE) is None, "the emulator's queues publish their depth"


def test_queue_counts_is_still_needed(unmended_bench):
    queue = new_queue(unmended_bench)
    queue.send("one")
    queue.receive()

    assert queue.value("NumberOfMessagesReceived") is None, "the emulator's queues publish what is received"
