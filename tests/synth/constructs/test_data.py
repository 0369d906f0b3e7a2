"""Tables, queues and crons."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_a_table_has_its_keys_and_is_paid_per_request(backend):
    assembly = backend('Table(stack, "notes", partition_key=("userId", "string"), sort_key=("at", "number"))')
    table = only(assembly.resources("backend", "AWS::DynamoDB::Table"))

    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [
        {"AttributeName": "userId", "KeyType": "HASH"},
        {"AttributeName": "at", "KeyType": "RANGE"},
    ]
    assert only(assembly.manifest.resources).attributes == {
        "partition_key": ["userId", "string"],
        "sort_key": ["at", "number"],
        "indexes": [],
        "local_indexes": [],
        "stream": None,
        "consumers": {},
    }


def test_a_table_has_indexes_and_expiring_items(backend):
    assembly = backend(
        """
Table(stack, "notes", partition_key=("id", "string"), time_to_live="expires", indexes={
    "byTag": {"partition_key": ("tag", "string"), "sort_key": ("at", "number"), "projection": "keys_only"},
    "byUser": {"partition_key": ("user", "string"), "projection": ["title"]},
})
"""
    )
    table = only(assembly.resources("backend", "AWS::DynamoDB::Table"))

    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    assert [(index["IndexName"], index["Projection"]) for index in table["GlobalSecondaryIndexes"]] == [
        ("byTag", {"ProjectionType": "KEYS_ONLY"}),
        ("byUser", {"NonKeyAttributes": ["title"], "ProjectionType": "INCLUDE"}),
    ]


def test_an_existing_table_is_bound_as_ours_are(backend):
    assembly = backend(
        """
from aws_cdk import aws_dynamodb as dynamodb
raw = dynamodb.Table.from_table_name(stack, "raw", "legacy-notes")
Function(stack, "f", handler="functions/notes.get", bind=[Table(stack, "notes", cdk={"table": raw})])
"""
    )
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]

    assert "legacy-notes" in str(variables["SUNDOG_RESOURCE_NOTES"])
    assert assembly.resources("backend", "AWS::DynamoDB::Table") == []


def test_messages_are_hidden_for_six_times_the_consumers_timeout(backend):
    assembly = backend(
        'Queue(stack, "jobs", consumer={"handler": "functions/reminders.send", "timeout": 20})'
    )

    assert only(assembly.resources("backend", "AWS::SQS::Queue"))["VisibilityTimeout"] == 120


def test_a_queue_without_a_consumer_is_only_a_queue(backend):
    assembly = backend('Queue(stack, "jobs")')

    assert assembly.manifest.functions == []
    assert only(assembly.manifest.resources).attributes == {"fifo": False, "consumer": None, "batch_size": 10}


def test_a_consumer_answers_with_partial_failures_when_asked(backend):
    assembly = backend(
        'Queue(stack, "jobs", consumer="functions/reminders.send", batch_size=100, batch_window="5 seconds", partial_failures=True)'
    )
    mapping = only(assembly.resources("backend", "AWS::Lambda::EventSourceMapping"))

    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] == 5
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_dead_letters_go_to_a_queue_of_their_own(backend):
    assembly = backend(
        'Queue(stack, "jobs", consumer="functions/reminders.send", dead_letter=True, max_receives=5)'
    )
    queues = assembly.resources("backend", "AWS::SQS::Queue")
    (main,) = [queue for queue in queues if "RedrivePolicy" in queue]

    assert len(queues) == 2
    assert main["RedrivePolicy"]["maxReceiveCount"] == 5


def test_dead_letters_go_to_another_queue(backend):
    assembly = backend('Queue(stack, "jobs", dead_letter=Queue(stack, "failed"))')

    assert len(assembly.resources("backend", "AWS::SQS::Queue")) == 2


def test_a_fifo_queue_keeps_order(backend):
    queues = backend('Queue(stack, "jobs", fifo=True, dead_letter=True)').resources(
        "backend", "AWS::SQS::Queue"
    )

    assert [queue["FifoQueue"] for queue in queues] == [True, True]


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 day)",
        "rate(5 minutes)",
        "cron(0 9 ? * MON-FRI *)",
        "cron(0/5 8-17 * * ? *)",
        "at(2026-12-24T18:00:00)",
    ],
)
def test_a_schedule_reaches_the_template_as_it_is(backend, schedule):
    assembly = backend(f'Cron(stack, "digest", schedule="{schedule}", job="functions/digest.run")')

    assert only(assembly.resources("backend", "AWS::Scheduler::Schedule"))["ScheduleExpression"] == schedule
    assert only(only(assembly.manifest.functions).triggers).detail == {
        "schedule": schedule,
        "time_zone": "UTC",
    }


def test_a_cron_of_a_time_zone_with_an_input_of_its_own(backend):
    assembly = backend(
        """
Cron(stack, "digest", schedule="cron(0 9 * * ? *)", time_zone="Europe/Berlin", job="functions/digest.run",
    enabled=False, input={"all": True}, flexible_window="15 minutes", retries=2, dead_letter=Queue(stack, "missed"))
"""
    )
    schedule = only(assembly.resources("backend", "AWS::Scheduler::Schedule"))

    assert (schedule["State"], schedule["ScheduleExpressionTimezone"]) == ("DISABLED", "Europe/Berlin")
    assert schedule["FlexibleTimeWindow"] == {"MaximumWindowInMinutes": 15, "Mode": "FLEXIBLE"}
    assert schedule["Target"]["Input"] == '{"all":true}'
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 2
    assert "DeadLetterConfig" in schedule["Target"]


def test_a_schedule_gives_up_after_a_while(backend):
    assembly = backend(
        'Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", max_age="1 hour")'
    )
    target = only(assembly.resources("backend", "AWS::Scheduler::Schedule"))["Target"]

    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600


def test_a_consumer_can_be_added_later(backend):
    assembly = backend(
        """
notes = Table(stack, "notes", partition_key=("id", "string"))
jobs = Queue(stack, "jobs", dead_letter=True)
jobs.add_consumer("functions/reminders.send", bind=[notes], batch_size=1, partial_failures=True)
"""
    )
    mapping = only(assembly.resources("backend", "AWS::Lambda::EventSourceMapping"))

    assert (mapping["BatchSize"], mapping["FunctionResponseTypes"]) == (1, ["ReportBatchItemFailures"])
    assert only(assembly.manifest.functions).triggers[0].label == "queue jobs"
    assert assembly.manifest.resources_of("Queue")[0].attributes["batch_size"] == 1


def test_an_index_has_further_properties_of_the_cdk(backend):
    assembly = backend(
        """
Table(stack, "notes", partition_key=("id", "string"), sort_key=("at", "number"),
    indexes={"byTag": {"partition_key": ("tag", "string"), "cdk": {"max_read_request_units": 9}}},
    local_indexes={"byTitle": {"sort_key": ("title", "string"), "projection": "keys_only", "cdk": {"index_name": "other"}}},
)
"""
    )
    table = only(assembly.resources("backend", "AWS::DynamoDB::Table"))

    assert only(table["GlobalSecondaryIndexes"])["OnDemandThroughput"] == {"MaxReadRequestUnits": 9}
    assert only(table["LocalSecondaryIndexes"])["IndexName"] == "other"


@pytest.mark.parametrize(("settings", "recovers"), [("", None), ("protected = true", True)])
def test_a_protected_stage_can_restore_its_tables(project, backend, settings, recovers):
    project.write(
        "pyproject.toml", f'[tool.sundog]\nname = "notes"\n[tool.sundog.stages.local]\n{settings}\n'
    )
    table = only(
        backend('Table(stack, "notes", partition_key=("id", "string"))').resources(
            "backend", "AWS::DynamoDB::Table"
        )
    )

    assert table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled") == recovers


IMPORTS = {
    "Table": ("table", 'aws_cdk.aws_dynamodb.Table.from_table_name(stack, "raw", "legacy")', "table_name"),
    "Bucket": ("bucket", 'aws_cdk.aws_s3.Bucket.from_bucket_name(stack, "raw", "legacy")', "bucket_name"),
    "Queue": ("queue", 'aws_cdk.aws_sqs.Queue.from_queue_arn(stack, "raw", "arn:aws:sqs:eu-west-1:1:legacy")', "queue_name"),
    "Topic": ("topic", 'aws_cdk.aws_sns.Topic.from_topic_arn(stack, "raw", "arn:aws:sns:eu-west-1:1:legacy")', "topic_name"),
    "EventBus": ("event_bus", 'aws_cdk.aws_events.EventBus.from_event_bus_name(stack, "raw", "legacy")', "event_bus_name"),
    "KinesisStream": (
        "stream", 'aws_cdk.aws_kinesis.Stream.from_stream_arn(stack, "raw", "arn:aws:kinesis:eu-west-1:1:stream/legacy")', "stream_name",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", IMPORTS)
def test_what_exists_already_is_bound_and_in_the_manifest_without_a_resource(backend, kind):
    key, raw, value = IMPORTS[kind]
    assembly = backend(
        f'used = {kind}(stack, "used", cdk={{"{key}": {raw}}})\n'
        'Function(stack, "f", handler="functions/notes.get", bind=[used])'
    )
    entry = only(assembly.manifest.resources_of(kind))

    assert (entry.name, entry.logical_id, value in entry.binding) == ("used", "", True)
    variables = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]
    assert "legacy" in str(variables["SUNDOG_RESOURCE_USED"])


def test_what_the_app_makes_with_the_cdk_is_found_under_its_own_logical_id(backend):
    assembly = backend(
        """
raw = aws_cdk.aws_sqs.Queue(stack, "Raw")
Queue(stack, "jobs", cdk={"queue": raw}).add_consumer({"handler": "functions/reminders.send", "timeout": 60})
"""
    )
    entry = only(assembly.manifest.resources_of("Queue"))

    assert entry.logical_id in assembly.template("backend")["Resources"]
    assert entry.logical_id.startswith("Raw")
