"""Event buses, their rules and subscriptions: what reaches the template."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_a_rule_has_its_pattern_as_written_and_its_targets(backend):
    assembly = backend(
        """
EventBus(stack, "shop", rules={"large": {
    "pattern": {"source": "shop", "detail_type": [{"prefix": "order."}], "detail": {"total": [{"numeric": [">", 9]}]}},
    "targets": {
        "call": {"function": "functions/notes.get", "retries": 2, "max_age": "1 hour", "dead_letter": Queue(stack, "dead")},
        "log": aws_cdk.aws_logs.LogGroup(stack, "events"),
        "copy": {"queue": Queue(stack, "copies", fifo=True), "input": {"all": True}},
    },
}})
"""
    )
    rule = only(assembly.resources("backend", "AWS::Events::Rule"))
    function, log, queue = rule["Targets"]

    assert rule["EventPattern"] == {
        "source": ["shop"],
        "detail-type": [{"prefix": "order."}],
        "detail": {"total": [{"numeric": [">", 9]}]},
    }
    assert function["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 2}
    assert "DeadLetterConfig" in function
    assert ":log-group:" in json.dumps(log["Arn"])
    assert (queue["Input"], queue["SqsParameters"]) == ('{"all":true}', {"MessageGroupId": "copy"})
    assert len(assembly.resources("backend", "AWS::Logs::ResourcePolicy")) == 1


def test_a_pattern_asks_for_null(backend):
    assembly = backend(
        'EventBus(stack, "shop", rules={"none": {"pattern": {"detail": {"gift": [None], "card": ["", None]}}}})'
    )

    assert only(assembly.resources("backend", "AWS::Events::Rule"))["EventPattern"] == {
        "detail": {"gift": [None], "card": [None, ""]}
    }


def test_a_subscription_to_a_type_is_a_rule(backend):
    assembly = backend(
        'EventBus(stack, "shop").subscribe(["order.placed", "order.paid"], "functions/notes.get")'
    )

    assert only(assembly.resources("backend", "AWS::Events::Rule"))["EventPattern"] == {
        "detail-type": ["order.placed", "order.paid"]
    }
    assert only(only(assembly.manifest.functions).triggers).label == "bus shop/order-placed-order-paid"


def test_a_rule_delivers_to_topics_streams_and_other_buses(backend):
    assembly = backend(
        """
EventBus(stack, "shop", rules={"all": {
    "pattern": {"source": ["shop"]},
    "targets": {
        "topic": {"topic": Topic(stack, "news"), "dead_letter": Queue(stack, "dead")},
        "stream": {"stream": KinesisStream(stack, "clicks"), "partition_key": "$.detail.customer"},
        "bus": EventBus(stack, "audit"),
        "text": {"queue": Queue(stack, "copies"), "input": aws_cdk.aws_events.RuleTargetInput.from_text("new")},
    },
    "cdk": {"rule_name": "everything"},
}})
"""
    )
    rule = only(assembly.resources("backend", "AWS::Events::Rule"))
    topic, stream, bus, text = rule["Targets"]

    assert rule["Name"] == "everything"
    assert "DeadLetterConfig" in topic
    assert stream["KinesisParameters"] == {"PartitionKeyPath": "$.detail.customer"}
    assert "Arn" in json.dumps(bus["Arn"])
    assert text["Input"] == '"new"'


def test_fields_of_the_event_in_an_input_make_a_transformer(backend):
    assembly = backend(
        """
total = aws_cdk.aws_events.EventField.from_path("$.detail.total")
EventBus(stack, "shop", rules={"all": {
    "pattern": {"source": ["shop"]},
    "targets": {"call": {"function": "functions/notes.get", "input": {"total": total}}},
}})
"""
    )
    target = only(only(assembly.resources("backend", "AWS::Events::Rule"))["Targets"])

    assert target["InputTransformer"]["InputPathsMap"] == {"detail-total": "$.detail.total"}


@pytest.mark.parametrize(("kept", "days"), [("30 days", 30), (True, None)])
def test_a_bus_keeps_its_events_to_be_replayed(backend, kept, days):
    assembly = backend(
        f'EventBus(stack, "shop", archive={kept!r}, cdk={{"archive": {{"description": "all"}}}})'
    )
    archive = only(assembly.resources("backend", "AWS::Events::Archive"))

    assert archive.get("RetentionDays") == days
    assert (archive["Description"], "EventPattern" in archive) == ("all", False)


def test_a_bucket_tells_the_default_bus(backend):
    custom = only(
        backend('Bucket(stack, "photos", event_bridge=True)').resources(
            "backend", "Custom::S3BucketNotifications"
        )
    )

    assert custom["NotificationConfiguration"] == {"EventBridgeConfiguration": {}}


def test_an_existing_bucket_tells_the_default_bus_too(backend):
    assembly = backend(
        """
raw = aws_cdk.aws_s3.Bucket.from_bucket_name(stack, "raw", "legacy-photos")
Bucket(stack, "photos", event_bridge=True, cdk={"bucket": raw})
"""
    )
    custom = only(assembly.resources("backend", "Custom::S3BucketNotifications"))

    assert (custom["BucketName"], custom["Managed"]) == ("legacy-photos", False)


def test_a_subscription_has_further_properties_of_the_cdk(backend):
    assembly = backend(
        """
Topic(stack, "orders", subscribers={
    "mail": {"function": "functions/notes.get", "cdk": {"region": "us-east-1"}},
})
"""
    )

    assert only(assembly.resources("backend", "AWS::SNS::Subscription"))["Region"] == "us-east-1"
