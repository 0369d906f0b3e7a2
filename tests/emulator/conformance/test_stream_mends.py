"""Mends of streams, schedules and large tables. Without them the emulator shows the defect."""

from __future__ import annotations

import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

ROLE = "arn:aws:iam::000000000000:role/conformance"


def failing_consumer(bench, failing, **settings):
    """Have a failing function read the stream of a table, and put an item; return the function's name."""
    name, _ = bench.function(failing)
    tables = bench.aws.client("dynamodb")
    table = tables.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"},
    )["TableDescription"]
    bench.aws.client("lambda").create_event_source_mapping(
        FunctionName=name,
        EventSourceArn=table["LatestStreamArn"],
        StartingPosition="TRIM_HORIZON",
        **settings,
    )
    tables.put_item(TableName=name, Item={"id": {"S": "1"}})
    return name


def test_a_record_that_is_given_up_is_reported_and_the_next_one_is_delivered(mended, failing, wait_for):
    url, queue = mended.aws.queue()
    destination = {"OnFailure": {"Destination": queue}}
    name = failing_consumer(mended, failing, MaximumRetryAttempts=0, DestinationConfig=destination)
    [report] = mended.aws.messages(url)

    mended.aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "2"}})
    events = wait_for(lambda: len(mended.seen(name)) == 2 and mended.seen(name), "the next record")

    assert json.loads(report["Body"])["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert [event["Records"][0]["dynamodb"]["Keys"]["id"]["S"] for event in events] == ["1", "2"]


def test_a_record_that_grew_too_old_is_kept_in_a_bucket_whole(mended, failing, wait_for):
    objects, bucket = mended.aws.client("s3"), f"bucket-{uuid.uuid4().hex[:8]}"
    objects.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    destination = {"OnFailure": {"Destination": f"arn:aws:s3:::{bucket}"}}
    failing_consumer(mended, failing, MaximumRecordAgeInSeconds=1, DestinationConfig=destination)

    [kept] = wait_for(lambda: objects.list_objects_v2(Bucket=bucket).get("Contents"), "the report")
    report = json.loads(objects.get_object(Bucket=bucket, Key=kept["Key"])["Body"].read())

    assert kept["Key"].startswith("aws/lambda/")
    assert report["requestContext"]["condition"] == "MaxRecordAgeExceeded"
    assert json.loads(report["payload"])["Records"][0]["dynamodb"]["Keys"] == {"id": {"S": "1"}}


def test_a_slow_consumer_of_a_stream_does_not_hold_up_a_queue(mended, wait_for):
    released = threading.Event()
    name = failing_consumer(mended, lambda event, headers: released.wait(20))
    wait_for(lambda: mended.seen(name), "the record")
    url, queue = mended.aws.queue()
    other, _ = mended.function(lambda event, headers: None)
    mended.aws.client("lambda").create_event_source_mapping(FunctionName=other, EventSourceArn=queue)

    mended.aws.client("sqs").send_message(QueueUrl=url, MessageBody="meanwhile")
    try:
        assert wait_for(lambda: mended.seen(other), "the message", seconds=15)
    finally:
        released.set()


def test_stream_consumers_is_still_needed(unmended_bench, failing, wait_for):
    name = failing_consumer(unmended_bench, failing, MaximumRetryAttempts=0)

    wait_for(lambda: len(unmended_bench.seen(name)) > 1, "a retry that was not asked for: the mend is needed")


def copied_table(bench):
    """Deploy a table with a Kinesis stream for its changes; return the streams that the table knows."""
    resources = {
        "Stream": {"Type": "AWS::Kinesis::Stream", "Properties": {"ShardCount": 1}},
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
                "KinesisStreamSpecification": {"StreamArn": {"Fn::GetAtt": ["Stream", "Arn"]}},
            },
        },
    }
    table = bench.aws.resource(bench.aws.deploy(resources)["StackName"], "Table")
    described = bench.aws.client("dynamodb").describe_kinesis_streaming_destination(TableName=table)
    return described["KinesisDataStreamDestinations"]


def test_the_kinesis_stream_of_a_table_is_set(mended):
    assert [one["DestinationStatus"] for one in copied_table(mended)] == ["ACTIVE"]


def test_table_kinesis_stream_is_still_needed(unmended_bench):
    assert copied_table(unmended_bench) == []


def scheduled(bench, moment, zone="UTC", given='{"n": 1}'):
    name, arn = bench.function(lambda event, headers: None)
    bench.aws.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({moment:%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone=zone,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": arn, "RoleArn": ROLE, **({"Input": given} if given else {})},
    )
    return name


def test_a_schedule_goes_by_its_time_zone(mended, wait_for):
    now = datetime.now(UTC)
    late = scheduled(mended, now - timedelta(minutes=1), "America/Los_Angeles")
    due = scheduled(mended, now + timedelta(hours=5, minutes=29), "Asia/Kolkata")

    [event] = wait_for(lambda: mended.seen(due), "the schedule that is due in its zone")

    assert event == {"n": 1}
    assert mended.seen(late) == []


def test_a_schedule_without_input_sends_an_event_whose_detail_is_a_text(mended, wait_for):
    name = scheduled(mended, datetime.now(UTC) - timedelta(minutes=1), given=None)

    [event] = wait_for(lambda: mended.seen(name), "the schedule")

    assert (event["source"], event["detail-type"], event["detail"]) == (
        "aws.scheduler",
        "Scheduled Event",
        "{}",
    )
    assert event["resources"][0].endswith(f":schedule/default/{name}")


def test_schedule_times_is_still_needed(unmended_bench, wait_for):
    late = scheduled(unmended_bench, datetime.now(UTC) - timedelta(minutes=1), "America/Los_Angeles")

    wait_for(lambda: unmended_bench.seen(late), "a schedule hours before its time: the mend is needed")


def sorted_table(bench, kind):
    """Make a table whose partitions are sorted by strings or numbers."""
    name = f"table-{uuid.uuid4().hex[:8]}"
    bench.aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": kind},
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name


@pytest.fixture(scope="module")
def fill():
    def partition(bench, items):
        name, tables = sorted_table(bench, "N"), bench.aws.client("dynamodb")
        for start in range(0, items, 25):
            requests = [
                {"PutRequest": {"Item": {"id": {"S": "one"}, "at": {"N": str(number)}}}}
                for number in range(start, min(items, start + 25))
            ]
            tables.batch_write_item(RequestItems={name: requests})
        return name

    return partition


def numbers(bench, table, condition, **values):
    found = bench.aws.client("dynamodb").query(
        TableName=table,
        KeyConditionExpression=f"#id = :id AND {condition}",
        ExpressionAttributeNames={"#id": "id", "#at": "at"},
        ExpressionAttributeValues={
            ":id": {"S": "one"},
            **{f":{name}": {"N": str(value)} for name, value in values.items()},
        },
    )
    return [int(item["at"]["N"]) for item in found["Items"]]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("#at = :a", {"a": 10}, [10]),
        ("#at < :a", {"a": 2}, [0, 1]),
        ("#at <= :a", {"a": 2}, [0, 1, 2]),
        ("#at > :a", {"a": 97}, [98, 99]),
        ("(#at >= :a)", {"a": 98}, [98, 99]),
        ("#at BETWEEN :a AND :b", {"a": 9, "b": 11}, [9, 10, 11]),
    ],
)
def test_key_conditions_compare_numbers_as_numbers(mended, fill, hundred, condition, values, expected):
    assert numbers(mended, hundred, condition, **values) == expected


@pytest.fixture(scope="module")
def hundred(mended, fill):
    return fill(mended, 100)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        ("#at = :a", {":a": "aa"}, ["aa"]),
        ("begins_with(#at, :a)", {":a": "a"}, ["a", "aa"]),
        ("#at BETWEEN :a AND :b", {":a": "aa", ":b": "é"}, ["aa", "b", "é"]),
        ("#at < :a", {":a": "a"}, ["B"]),
    ],
)
def test_key_conditions_compare_strings_by_their_code_points(mended, words, condition, values, expected):
    found = mended.aws.client("dynamodb").query(
        TableName=words,
        KeyConditionExpression=f"#id = :id AND {condition}",
        ExpressionAttributeNames={"#id": "id", "#at": "at"},
        ExpressionAttributeValues={":id": {"S": "one"}, **{key: {"S": one} for key, one in values.items()}},
    )

    assert [item["at"]["S"] for item in found["Items"]] == expected


@pytest.fixture(scope="module")
def words(mended):
    name, tables = sorted_table(mended, "S"), mended.aws.client("dynamodb")
    for word in ("é", "b", "aa", "B", "a"):
        tables.put_item(TableName=name, Item={"id": {"S": "one"}, "at": {"S": word}})
    return name


def test_table_conditions_is_still_needed(mended, unmended_bench, fill):
    """The one defect that is nothing but slowness: the same query on both, one after the other."""

    def took(bench):
        table = fill(bench, 10_000)
        durations = []
        for _ in range(3):
            began = time.perf_counter()
            assert numbers(bench, table, "#at < :a", a=3) == [0, 1, 2]
            durations.append(time.perf_counter() - began)
        return min(durations)

    assert took(unmended_bench) > 5 * took(mended)
