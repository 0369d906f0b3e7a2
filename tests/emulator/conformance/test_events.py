"""Event sources: queues, rules, table streams. Schedules are those of an app, in `apps/test_streams.py`: a minute is waited for once."""

from __future__ import annotations

import json
import uuid


def mapping(aws, name, arn, **settings):
    return aws.client("lambda").create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, **settings
    )["UUID"]


def test_messages_of_a_queue_arrive_in_a_batch(aws, make_function, target, wait_for):
    url, arn = aws.queue()
    name = make_function(lambda _event, _: None)
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(5)]
    aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)

    mapping(aws, name, arn, BatchSize=10)
    wait_for(
        lambda: sum(len(event["Records"]) for event, _ in target.seen.get(name, ())) == 5, "five records"
    )

    record = target.seen[name][0][0]["Records"][0]
    assert record["eventSource"] == "aws:sqs"
    assert record["eventSourceARN"] == arn
    assert record["body"].startswith("body ")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"


def test_only_failed_items_of_a_batch_come_again_and_end_in_the_dead_letter_queue(
    aws, make_function, target, wait_for
):
    dead_url, dead_arn = aws.queue()
    redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = aws.queue(VisibilityTimeout="1", RedrivePolicy=redrive)

    def handle(event, headers):
        bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}

    name = make_function(handle)
    entries = [{"Id": body, "MessageBody": body} for body in ("good", "bad")]
    aws.client("sqs").send_message_batch(QueueUrl=url, Entries=entries)
    mapping(aws, name, arn, FunctionResponseTypes=["ReportBatchItemFailures"])
    [dead] = wait_for(lambda: aws.messages(dead_url, 5), "the dead letter")

    bodies = [record["body"] for event, _ in target.seen[name] for record in event["Records"]]
    assert dead["Body"] == "bad"
    assert sorted(bodies) == ["bad", "bad", "good"]


def test_batching_window_collects_messages(aws, make_function, target, wait_for):
    url, arn = aws.queue()
    name = make_function(lambda _event, _: None)
    mapping(aws, name, arn, BatchSize=3, MaximumBatchingWindowInSeconds=20)

    for number in range(3):
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
    wait_for(lambda: target.seen.get(name), "the batch")

    assert [len(event["Records"]) for event, _ in target.seen[name]] == [3]


def test_rule_of_an_event_bus_invokes_a_function(aws, make_function, target, function_arn, wait_for):
    name = make_function(lambda _event, _: None)
    source = f"conformance.{uuid.uuid4().hex}"
    events = aws.client("events")
    events.put_rule(
        Name=name, EventPattern=json.dumps({"source": [source], "detail": {"n": [{"numeric": [">", 1]}]}})
    )
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": function_arn(name)}])

    for number in (1, 2):
        entry = {"Source": source, "DetailType": "made", "Detail": json.dumps({"n": number})}
        events.put_events(Entries=[entry])
    wait_for(lambda: target.seen.get(name), "the event")

    assert [event["detail"] for event, _ in target.seen[name]] == [{"n": 2}]
    assert target.seen[name][0][0]["detail-type"] == "made"


def test_stream_of_a_table_invokes_a_function(aws, make_function, target, wait_for):
    name = make_function(lambda _event, _: None)
    table = aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]
    mapping(aws, name, table["LatestStreamArn"], StartingPosition="TRIM_HORIZON")

    aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})
    wait_for(lambda: target.seen.get(name), "the record")

    record = target.seen[name][0][0]["Records"][0]
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", {"id": {"S": "1"}})
