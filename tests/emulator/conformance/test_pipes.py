"""EventBridge Pipes: what they read, filter, make of it and deliver, and what becomes of what is not taken."""

from __future__ import annotations

import base64
import json
import uuid

import pytest

REGION = "eu-west-1"
ROLE = "arn:aws:iam::000000000000:role/conformance"
FILTER = {"Filters": [{"Pattern": '{"body": {"kind": ["order"], "total": [{"numeric": [">", 10]}]}}'}]}


def pipe(bench, source, target, **settings):
    name = f"pipe-{uuid.uuid4().hex[:8]}"
    bench.aws.client("pipes").create_pipe(Name=name, Source=source, Target=target, RoleArn=ROLE, **settings)
    return name


def send(bench, url, *bodies):
    entries = [{"Id": str(n), "MessageBody": json.dumps(body)} for n, body in enumerate(bodies)]
    bench.aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)


def is_empty(bench, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = bench.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return all(int(found[name]) == 0 for name in names)


def test_messages_that_pass_the_filter_reach_a_function_as_a_list(mended, wait_for):
    url, queue = mended.aws.queue()
    name, arn = mended.function(lambda event, headers: None)
    window = {"BatchSize": 2, "MaximumBatchingWindowInSeconds": 60}
    pipe(mended, queue, arn, SourceParameters={"SqsQueueParameters": window, "FilterCriteria": FILTER})

    send(mended, url, {"kind": "order", "total": 11}, {"kind": "order", "total": 2})
    [event] = wait_for(lambda: mended.seen(name), "the batch")

    assert [json.loads(record["body"])["total"] for record in event] == [11]
    assert event[0]["eventSource"] == "aws:sqs"
    assert event[0]["eventSourceARN"] == queue
    assert event[0]["attributes"]["ApproximateReceiveCount"] == "1"
    wait_for(lambda: is_empty(mended, url), "the queue to be empty, of what no filter let through too")


def test_an_input_template_is_filled_for_each_record(mended, wait_for):
    url, queue = mended.aws.queue()
    name, arn = mended.function(lambda event, headers: None)
    template = '{"order": <$.body.order>, "first": <$.body.lines[0].id>, "by": "<aws.pipes.pipe-name>/<$.body.order.id>"}'
    made = pipe(mended, queue, arn, TargetParameters={"InputTemplate": template})

    send(mended, url, {"order": {"id": 7}, "lines": [{"id": "a"}, {"id": "b"}]})
    [event] = wait_for(lambda: mended.seen(name), "the record")

    assert event == [{"order": {"id": 7}, "first": "a", "by": f"{made}/7"}]


def test_a_message_that_the_function_fails_on_is_tried_again_and_ends_in_the_dead_letter_queue(
    mended, errors
):
    dead_url, dead = mended.aws.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    url, queue = mended.aws.queue(VisibilityTimeout="1", RedrivePolicy=redrive)

    def fail(event, headers):
        raise errors.raised("Broken", "always")

    name, arn = mended.function(fail)
    pipe(mended, queue, arn)

    send(mended, url, {"n": 1})
    [message] = mended.aws.messages(dead_url, seconds=20)

    assert json.loads(message["Body"]) == {"n": 1}
    assert len(mended.seen(name)) == 2


def test_only_the_messages_that_a_function_names_are_tried_again(mended, wait_for):
    url, queue = mended.aws.queue(VisibilityTimeout="1")

    def once(event, headers):
        failed = [
            record["messageId"]
            for record in event
            if json.loads(record["body"])["n"] == 2 and record["attributes"]["ApproximateReceiveCount"] == "1"
        ]
        return {"batchItemFailures": [{"itemIdentifier": identity} for identity in failed]}

    name, arn = mended.function(once)
    window = {"BatchSize": 2, "MaximumBatchingWindowInSeconds": 5}
    pipe(mended, queue, arn, SourceParameters={"SqsQueueParameters": window})

    send(mended, url, {"n": 1}, {"n": 2})
    events = wait_for(lambda: len(mended.seen(name)) == 2 and mended.seen(name), "the second attempt")

    assert [[json.loads(record["body"])["n"] for record in event] for event in events] == [[1, 2], [2]]
    wait_for(lambda: is_empty(mended, url), "the queue to be empty")


def test_a_function_enriches_what_a_queue_then_gets(mended, wait_for):
    url, queue = mended.aws.queue()
    other_url, other = mended.aws.queue()
    _, arn = mended.function(lambda event, headers: [{"id": one["n"], "seen": True} for one in event])
    pipe(
        mended,
        queue,
        other,
        Enrichment=arn,
        EnrichmentParameters={"InputTemplate": "<$.body>"},
        TargetParameters={"InputTemplate": '{"got": <$.id>}'},
    )

    send(mended, url, {"n": 5})
    [message] = mended.aws.messages(other_url)

    assert json.loads(message["Body"]) == {"got": 5}


def test_an_event_bus_gets_an_event_for_each_record(mended, wait_for):
    url, queue = mended.aws.queue()
    events, rule = mended.aws.client("events"), f"rule-{uuid.uuid4().hex[:8]}"
    caught_url, caught = mended.aws.queue()
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [f"shop.{rule}"]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "0", "Arn": caught}])
    bus = f"arn:aws:events:{REGION}:000000000000:event-bus/default"
    parameters = {"Source": f"shop.{rule}", "DetailType": "$.body.kind"}
    pipe(
        mended,
        queue,
        bus,
        TargetParameters={"InputTemplate": "<$.body>", "EventBridgeEventBusParameters": parameters},
    )

    send(mended, url, {"kind": "order.placed", "total": 3})
    [message] = mended.aws.messages(caught_url)
    event = json.loads(message["Body"])

    assert event["detail-type"] == "order.placed"
    assert event["detail"] == {"kind": "order.placed", "total": 3}


def test_a_topic_gets_each_record(mended):
    url, queue = mended.aws.queue()
    told_url, told = mended.aws.queue()
    pipe(mended, queue, mended.topic(("sqs", told)), TargetParameters={"InputTemplate": "order <$.body.id>"})

    send(mended, url, {"id": 9})
    [message] = mended.aws.messages(told_url)

    assert json.loads(message["Body"])["Message"] == "order 9"


def test_a_kinesis_stream_is_read_flat_and_halved_until_one_record_is_given_up(mended, errors, wait_for):
    dead_url, dead = mended.aws.queue()
    streams, stream = mended.aws.client("kinesis"), f"stream-{uuid.uuid4().hex[:8]}"
    streams.create_stream(StreamName=stream, ShardCount=1)

    def active():
        description = streams.describe_stream(StreamName=stream)["StreamDescription"]
        return description["StreamStatus"] == "ACTIVE" and description["StreamARN"]

    source = wait_for(active, "the stream")

    def pages(event):
        return [json.loads(base64.b64decode(record["data"]))["page"] for record in event]

    def fail_on_two(event, headers):
        if 2 in pages(event):
            raise errors.raised("Broken", "two")

    name, arn = mended.function(fail_on_two)
    parameters = {
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 2,
        "MaximumBatchingWindowInSeconds": 30,
        "MaximumRetryAttempts": 0,
        "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
        "DeadLetterConfig": {"Arn": dead},
    }
    criteria = {"Filters": [{"Pattern": '{"data": {"page": [{"numeric": [">", 0]}]}}'}]}
    made = pipe(
        mended,
        source,
        arn,
        SourceParameters={"KinesisStreamParameters": parameters, "FilterCriteria": criteria},
    )

    records = [{"Data": json.dumps({"page": page}).encode(), "PartitionKey": "one"} for page in (0, 1, 2)]
    streams.put_records(StreamName=stream, Records=records)
    [message] = mended.aws.messages(dead_url, seconds=20)
    report = json.loads(message["Body"])

    assert [pages(event) for event in mended.seen(name)] == [[1, 2], [1], [2]]
    assert mended.seen(name)[0][0]["partitionKey"] == "one"
    assert report["context"]["condition"] == "RetryAttemptsExhausted"
    assert report["context"]["partnerResourceArn"].endswith(f":pipe/{made}")
    assert report["KinesisBatchInfo"]["batchSize"] == 1


def resources_of_a_pipe(bench, template, **more):
    url, queue = bench.aws.queue()
    name, arn = bench.function(lambda event, headers: None)
    properties = {
        "RoleArn": ROLE,
        "Source": queue,
        "Target": arn,
        "SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}},
        "TargetParameters": {"InputTemplate": template},
        **more,
    }
    return url, name, {"It": {"Type": "AWS::Pipes::Pipe", "Properties": properties}}


def test_a_template_gives_a_pipe_its_parameters_and_changes_them(mended, wait_for):
    url, name, resources = resources_of_a_pipe(mended, '{"n": <$.body.n>}')
    stack = mended.aws.deploy(resources)
    made = mended.aws.resource(stack["StackName"], "It")
    send(mended, url, {"n": 1})
    wait_for(lambda: mended.seen(name) == [[{"n": 1}]], "the first record")

    resources["It"]["Properties"]["TargetParameters"] = {"InputTemplate": '{"m": <$.body.n>}'}
    mended.aws.deploy(resources, name=stack["StackName"])
    send(mended, url, {"n": 2})
    wait_for(lambda: mended.seen(name)[1:] == [[{"m": 2}]], "the record after the update")
    described = mended.aws.client("pipes").describe_pipe(Name=made)

    assert described["SourceParameters"]["SqsQueueParameters"]["BatchSize"] == 1
    assert described["TargetParameters"]["InputTemplate"] == '{"m": <$.body.n>}'
    assert described["CurrentState"] == "RUNNING"


def test_a_stopped_pipe_reads_when_it_is_started(mended, wait_for):
    url, queue = mended.aws.queue()
    name, arn = mended.function(lambda event, headers: None)
    made = pipe(mended, queue, arn, DesiredState="STOPPED")
    send(mended, url, {"n": 1})
    before = mended.seen(name)

    mended.aws.client("pipes").start_pipe(Name=made)

    assert before == []
    assert wait_for(lambda: mended.seen(name), "the message")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"target": "arn:aws:batch:eu-west-1:000000000000:job-queue/q"}, "deliver nothing to"),
        ({"source": "arn:aws:mq:eu-west-1:000000000000:broker:b:1"}, "read queues"),
        ({"Enrichment": "arn:aws:states:eu-west-1:000000000000:stateMachine:m"}, "enriched by functions"),
        ({"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}}, "Invalid filter pattern"),
    ],
)
def test_what_a_pipe_here_cannot_do_is_refused(mended, settings, reason):
    _, queue = mended.aws.queue()
    source, target = settings.pop("source", queue), settings.pop("target", queue)

    with pytest.raises(mended.aws.client("pipes").exceptions.ValidationException, match=reason):
        pipe(mended, source, target, **settings)


def test_pipes_is_still_needed(unmended_bench, wait_for):
    url, queue = unmended_bench.aws.queue()
    other_url, other = unmended_bench.aws.queue()
    unmended_bench.aws.client("sqs").send_message(QueueUrl=url, MessageBody="first")
    made = pipe(unmended_bench, queue, other, SourceParameters={"SqsQueueParameters": {"BatchSize": 1}})

    assert not unmended_bench.aws.messages(other_url, seconds=3), "the emulator's pipes read queues"
    described = unmended_bench.aws.client("pipes").describe_pipe(Name=made)
    assert "SourceParameters" not in described, "the emulator keeps the parameters of pipes"


def test_pipe_properties_is_still_needed(unmended_bench):
    _, _, resources = resources_of_a_pipe(unmended_bench, "<$.body>")
    made = unmended_bench.aws.resource(unmended_bench.aws.deploy(resources)["StackName"], "It")

    described = unmended_bench.aws.client("pipes").describe_pipe(Name=made)
    assert "TargetParameters" not in described, "the emulator reads a pipe's parameters"
