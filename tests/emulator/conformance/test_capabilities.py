"""What sundog says the embedded cloud can do is what it does."""

from __future__ import annotations

from sundog.aws.embedded.capabilities import DROPPED, embedded_capabilities


def test_resource_types_are_those_of_the_running_emulator(cloud):
    answer = cloud.call(cloud.cloud._call, "capabilities")

    assert sorted(embedded_capabilities().resource_types) == answer["resource_types"]


def test_custom_resources_are_always_supported():
    assert embedded_capabilities().supports("Custom::Anything")
    assert not embedded_capabilities().supports("AWS::None::Such")


def test_dropped_properties_are_of_types_that_can_be_deployed():
    assert set(DROPPED) <= embedded_capabilities().resource_types


def test_hollow_types_are_types_of_the_emulator():
    assert embedded_capabilities().hollow.keys() <= embedded_capabilities().resource_types


def test_unknown_type_is_refused_before_anything_is_made(aws):
    resources = {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "never-made"}},
        "Other": {"Type": "AWS::None::Such", "Properties": {}},
    }
    try:
        status = aws.deploy(resources)["StackStatus"]
    except Exception as error:  # noqa: BLE001 - refused at once is as good
        status = str(error)

    assert "AWS::None::Such" in status or status.startswith("ROLLBACK")
    assert not [url for url in aws.client("sqs").list_queues().get("QueueUrls", []) if "never-made" in url]
