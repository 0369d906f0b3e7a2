"""What topics, rules and schedules cannot deliver: tried again or not, and kept in a dead-letter queue."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

REGION = "eu-west-1"
ROLE = "arn:aws:iam::000000000000:role/conformance"
NOBODY = f"arn:aws:lambda:{REGION}:000000000000:function:nobody"
NOWHERE = f"arn:aws:sqs:{REGION}:000000000000:nowhere"


def subscribed(bench, protocol, endpoint, **attributes):
    """Make a topic with a subscriber that has a dead-letter queue; return the topic and the address of the queue."""
    url, dead = bench.aws.queue()
    topics = bench.aws.client("sns")
    topic = topics.create_topic(Name=f"topic-{uuid.uuid4().hex[:8]}")["TopicArn"]
    redrive = json.dumps({"deadLetterTargetArn": dead})
    topics.subscribe(
        TopicArn=topic,
        Protocol=protocol,
        Endpoint=endpoint,
        Attributes={"RedrivePolicy": redrive, **attributes},
    )
    return topic, url


@pytest.mark.parametrize(("protocol", "endpoint"), [("lambda", NOBODY), ("sqs", NOWHERE)])
def test_a_message_for_a_subscriber_that_is_not_there_is_kept(mended, protocol, endpoint):
    topic, url = subscribed(mended, protocol, endpoint)

    mended.aws.client("sns").publish(TopicArn=topic, Message="hello")
    [dead] = mended.aws.messages(url)

    assert json.loads(dead["Body"])["Message"] == "hello"


def test_a_raw_message_is_kept_as_it_was(mended):
    topic, url = subscribed(mended, "sqs", NOWHERE, RawMessageDelivery="true")

    mended.aws.client("sns").publish(TopicArn=topic, Message="hello")
    [dead] = mended.aws.messages(url)

    assert dead["Body"] == "hello"


def test_what_a_function_fails_on_is_no_dead_letter_of_the_topic(mended, failing, wait_for):
    name, arn = mended.function(failing)
    topic, url = subscribed(mended, "lambda", arn)

    mended.aws.client("sns").publish(TopicArn=topic, Message="hello")
    wait_for(lambda: len(mended.seen(name)) == 3, "Lambda's own retries")

    assert mended.aws.messages(url, seconds=1) == []


@pytest.fixture
def address():
    """An HTTP address that confirms, and answers messages with the status that a test sets."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.seen.append(body)
            self.send_response(200 if body["Type"] == "SubscriptionConfirmation" else self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "tries"), [(500, 2), (404, 1)])
def test_an_address_that_fails_is_tried_again_unless_it_is_the_senders_fault(
    mended, wait_for, address, status, tries
):
    policy = json.dumps({"healthyRetryPolicy": {"numRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 1}})
    topic, url = subscribed(mended, "http", address.url, DeliveryPolicy=policy)
    (confirmation,) = wait_for(lambda: address.seen, "the wish to confirm")
    mended.aws.client("sns").confirm_subscription(TopicArn=topic, Token=confirmation["Token"])
    address.status = status

    mended.aws.client("sns").publish(TopicArn=topic, Message="hello")
    [dead] = mended.aws.messages(url)

    assert json.loads(dead["Body"])["Message"] == "hello"
    assert [one["Type"] for one in address.seen[1:]] == ["Notification"] * tries


def test_topic_dead_letters_is_still_needed(unmended_bench):
    topic, url = subscribed(unmended_bench, "sqs", NOWHERE)

    unmended_bench.aws.client("sns").publish(TopicArn=topic, Message="hello")

    assert unmended_bench.aws.messages(url, seconds=1) == [], "the emulator's topics have dead-letter queues"


@pytest.mark.parametrize(
    "arn",
    [
        NOBODY,
        NOWHERE,
        f"arn:aws:sns:{REGION}:000000000000:nowhere",
        f"arn:aws:events:{REGION}:000000000000:event-bus/nowhere",
        f"arn:aws:states:{REGION}:000000000000:stateMachine:nowhere",
        f"arn:aws:logs:{REGION}:000000000000:log-group:/nowhere",
        f"arn:aws:kinesis:{REGION}:000000000000:stream/nowhere",
    ],
)
def test_an_event_for_a_target_that_is_not_there_is_kept_with_the_reason(mended, arn):
    url, dead_letters = mended.aws.queue()

    mended.rule({"Arn": arn, "Input": '{"other": 1}', "DeadLetterConfig": {"Arn": dead_letters}})()
    [dead] = mended.aws.messages(url)
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}

    assert json.loads(dead["Body"])["detail"] == {"n": 1}
    assert (attributes["ERROR_CODE"], attributes["TARGET_ARN"]) == ("NO_RESOURCE", arn)
    assert ":rule/" in attributes["RULE_ARN"]
    assert attributes["RETRY_ATTEMPTS"] == "0"


def test_a_schedule_that_calls_nobody_tells_its_dead_letter_queue(mended):
    url, dead_letters = mended.aws.queue()
    soon = datetime.now(UTC) + timedelta(seconds=1)
    mended.aws.client("scheduler").create_schedule(
        Name=f"schedule-{uuid.uuid4().hex[:8]}",
        ScheduleExpression=f"at({soon:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": NOBODY,
            "RoleArn": ROLE,
            "Input": '{"kind": "daily"}',
            "DeadLetterConfig": {"Arn": dead_letters},
        },
    )

    [dead] = mended.aws.messages(url, seconds=20)
    attributes = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}

    assert json.loads(dead["Body"]) == {"kind": "daily"}
    assert (attributes["ERROR_CODE"], attributes["TARGET_ARN"]) == ("NO_RESOURCE", NOBODY)
    assert ":schedule/" in attributes["SCHEDULE_ARN"]


def test_a_rule_sends_to_a_kinesis_stream(mended, wait_for):
    streams, stream = mended.aws.client("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    streams.create_stream(StreamName=stream, ShardCount=1)
    arn = f"arn:aws:kinesis:{REGION}:000000000000:stream/{stream}"
    wait_for(
        lambda: streams.describe_stream(StreamName=stream)["StreamDescription"]["StreamStatus"] == "ACTIVE",
        "the stream",
    )

    mended.rule({"Arn": arn, "KinesisParameters": {"PartitionKeyPath": "$.detail-type"}})()
    (shard,) = streams.describe_stream(StreamName=stream)["StreamDescription"]["Shards"]
    position = streams.get_shard_iterator(
        StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    (record,) = wait_for(
        lambda: streams.get_records(ShardIterator=position)["Records"], "the event in the stream"
    )

    assert record["PartitionKey"] == "made"
    assert json.loads(record["Data"])["detail"] == {"n": 1}


def rule_for_a_task(bench):
    target = {"Id": "task", "Arn": f"arn:aws:ecs:{REGION}:000000000000:cluster/c", "RoleArn": ROLE}
    properties = {"EventPattern": {"source": ["shop"]}, "Targets": [target]}
    return bench.aws.deploy({"It": {"Type": "AWS::Events::Rule", "Properties": properties}})


def test_a_rule_whose_target_gets_nothing_here_is_refused(mended):
    stack = rule_for_a_task(mended)

    assert stack["StackStatus"].startswith("ROLLBACK")
    assert "delivers no events to arn:aws:ecs" in mended.aws.reasons(stack["StackName"])


def test_a_log_that_is_sent_to_a_stream_is_refused(mended):
    resources = {
        "Log": {"Type": "AWS::Logs::LogGroup"},
        "It": {
            "Type": "AWS::Logs::SubscriptionFilter",
            "Properties": {
                "LogGroupName": {"Ref": "Log"},
                "FilterPattern": "",
                "DestinationArn": f"arn:aws:kinesis:{REGION}:000000000000:stream/s",
            },
        },
    }
    stack = mended.aws.deploy(resources)

    assert stack["StackStatus"].startswith("ROLLBACK")
    assert "to functions only" in mended.aws.reasons(stack["StackName"])


def test_unknown_targets_is_still_needed(unmended_bench):
    assert rule_for_a_task(unmended_bench)["StackStatus"] == "CREATE_COMPLETE"
