"""Assertions on the template of a stack: what matches, and what a test is told when nothing does."""

from __future__ import annotations

import pytest

from sundog.testing import StackTemplate

TEMPLATE = StackTemplate(
    "backend",
    {
        "Resources": {
            "Orders": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "VisibilityTimeout": 60,
                    "RedrivePolicy": {"maxReceiveCount": 3, "deadLetterTargetArn": "arn"},
                    "Tags": [{"Key": "stage", "Value": "local"}],
                },
            },
            "Failed": {"Type": "AWS::SQS::Queue"},
            "Notes": {"Type": "AWS::DynamoDB::Table", "Properties": {"BillingMode": "PAY_PER_REQUEST"}},
        }
    },
)


def test_resources_are_found_and_counted_by_type():
    assert list(TEMPLATE.resources("AWS::SQS::Queue")) == ["Orders", "Failed"]
    assert TEMPLATE.count("AWS::SQS::Queue") == 2
    assert TEMPLATE.count("AWS::SNS::Topic") == 0


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"VisibilityTimeout": 60},
        {"RedrivePolicy": {"maxReceiveCount": 3}},
        {"Tags": [{"Key": "stage"}]},
    ],
    ids=["none", "value", "nested", "list"],
)
def test_a_resource_has_what_is_named_and_may_have_more(properties):
    assert TEMPLATE.has("AWS::SQS::Queue", **properties) is TEMPLATE.content["Resources"]["Orders"]


@pytest.mark.parametrize(
    "properties",
    [
        {"VisibilityTimeout": 61},
        {"FifoQueue": None},
        {"RedrivePolicy": {"maxReceiveCount": 4}},
        {"Tags": []},
        {"Tags": [{"Key": "stage"}, {"Key": "app"}]},
    ],
    ids=["value", "missing", "nested", "fewer", "more"],
)
def test_what_differs_is_told_with_what_there_is(properties):
    with pytest.raises(AssertionError) as failed:
        TEMPLATE.has("AWS::SQS::Queue", **properties)

    message = str(failed.value)
    assert message.startswith("no AWS::SQS::Queue of the stack `backend` has {")
    assert '"VisibilityTimeout": 60' in message.partition("there are")[2]


def test_a_type_that_the_stack_lacks_is_told_with_those_it_has():
    with pytest.raises(AssertionError) as failed:
        TEMPLATE.has("AWS::SNS::Topic")

    assert str(failed.value) == (
        "the stack `backend` has no AWS::SNS::Topic; it has AWS::DynamoDB::Table, AWS::SQS::Queue"
    )
