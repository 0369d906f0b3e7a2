"""What an update of a stack does to the resources that change, and to those that do not."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/conformance"
STACK = "AWS::CloudFormation::Stack"
UPDATED = ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]
CREATED = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
DELETED = ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def queue(seconds=10, **attributes):
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}, **attributes}


def parameter(value, **attributes):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}, **attributes}


def output(value):
    return {"Outputs": {"Edit": {"Value": value}}}


def told(aws, name):
    """Return the statuses that the last update told, by logical id, without the stack's own."""
    statuses = {}
    for page in aws.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name):
        for event in page["StackEvents"]:
            if event["ResourceType"] != STACK:
                statuses.setdefault(event["LogicalResourceId"], []).insert(0, event["ResourceStatus"])
            elif event["ResourceStatus"] == "UPDATE_IN_PROGRESS":
                return statuses
    raise AssertionError(f"{name} was never updated")


def described(aws, name, logical_id):
    found = aws.client("cloudformation").describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
    return found["StackResourceDetail"]


def timeout(aws, name, logical_id="Queue"):
    url = aws.resource(name, logical_id)
    found = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])
    return found["Attributes"]["VisibilityTimeout"]


def value(aws, name, logical_id):
    found = aws.client("ssm").get_parameter(Name=aws.resource(name, logical_id))
    return found["Parameter"]["Value"]


def test_an_update_of_an_output_leaves_resources_alone(aws):
    resources = {"Queue": queue(), "Arn": parameter({"Fn::GetAtt": ["Queue", "Arn"]})}
    name = aws.deploy(resources, **output("1"))["StackName"]
    before = described(aws, name, "Queue")
    url = before["PhysicalResourceId"]
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})

    updated = aws.deploy(resources, name=name, **output("2"))

    assert (updated["StackStatus"], updated["Outputs"][0]["OutputValue"]) == ("UPDATE_COMPLETE", "2")
    assert told(aws, name) == {}
    assert described(aws, name, "Queue") == before
    assert before["ResourceStatus"] == "CREATE_COMPLETE"
    assert timeout(aws, name) == "77"


def test_update_events_is_still_needed(unmended_bench):
    aws = unmended_bench.aws
    name = aws.deploy({"Same": queue(), "Removed": queue()})["StackName"]

    aws.deploy({"Same": queue(), "New": queue()}, name=name)

    assert told(aws, name) == {"Same": UPDATED, "New": UPDATED}, "the emulator tells of something else"


def test_only_the_resource_that_changed_is_told_of(aws):
    resources = {"Other": queue(), "Arn": parameter({"Fn::GetAtt": ["Queue", "Arn"]})}
    name = aws.deploy({"Queue": queue(10), **resources})["StackName"]

    aws.deploy({"Queue": queue(20), **resources, "New": queue()}, name=name)

    assert told(aws, name) == {"Queue": UPDATED, "New": CREATED}
    assert timeout(aws, name) == "20"
    assert described(aws, name, "Queue")["ResourceStatus"] == "UPDATE_COMPLETE"
    assert described(aws, name, "Other")["ResourceStatus"] == "CREATE_COMPLETE"
    assert described(aws, name, "New")["ResourceStatus"] == "CREATE_COMPLETE"


def test_a_removed_resource_is_told_of_after_all_others(aws):
    name = aws.deploy({"First": queue(10), "Kept": queue(DeletionPolicy="Retain"), "Last": queue()})[
        "StackName"
    ]

    aws.deploy({"Last": queue(20)}, name=name)

    assert told(aws, name) == {"Last": UPDATED, "First": DELETED, "Kept": ["DELETE_SKIPPED"]}
    assert list(told(aws, name))[-1] == "Last", "the newest events come first"


def test_a_replaced_resource_changes_those_that_refer_to_it(aws):
    def resources(topic):
        return {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": topic}},
            "Reference": parameter({"Ref": "Topic"}),
            "Attribute": parameter({"Fn::GetAtt": ["Topic", "TopicName"]}),
            "Text": parameter({"Fn::Sub": "to ${Topic.TopicName}"}),
            "Next": parameter({"Fn::Join": ["", ["after ", {"Ref": "Topic"}]]}),
            "Other": parameter("other", DependsOn="Topic"),
        }

    first, second = f"t{uuid.uuid4().hex[:8]}", f"t{uuid.uuid4().hex[:8]}"
    name = aws.deploy(resources(first))["StackName"]

    aws.deploy(resources(second), name=name)

    changed = told(aws, name)
    arn = aws.resource(name, "Topic")
    with pytest.raises(ClientError, match="NotFound"):
        aws.client("sns").get_topic_attributes(TopicArn=arn.replace(second, first))
    assert changed.keys() == {"Topic", "Reference", "Attribute", "Text", "Next"}
    assert changed["Topic"] == ["UPDATE_IN_PROGRESS", *UPDATED, *DELETED]
    assert arn.endswith(second)
    assert [value(aws, name, one) for one in ("Reference", "Attribute", "Text", "Next")] == [
        arn,
        second,
        f"to {second}",
        f"after {arn}",
    ]


def test_a_condition_changes_what_depends_on_it(aws):
    resources = {
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {"VisibilityTimeout": {"Fn::If": ["Large", 20, {"Ref": "AWS::NoValue"}]}},
        },
        "Extra": queue(Condition="Large"),
        "Other": parameter({"Fn::If": ["Large", "same", "same"]}),
    }

    def conditions(large):
        return {"Conditions": {"Large": {"Fn::Equals": [large, "yes"]}}}

    name = aws.deploy(resources, **conditions("no"))["StackName"]
    aws.deploy(resources, name=name, **conditions("yes"))
    enlarged = told(aws, name), timeout(aws, name)
    aws.deploy(resources, name=name, **conditions("no"))

    assert enlarged == ({"Queue": UPDATED, "Extra": CREATED}, "20")
    assert told(aws, name) == {"Queue": UPDATED, "Extra": DELETED}
    with pytest.raises(ClientError, match="Extra"):
        described(aws, name, "Extra")


def test_a_dynamic_reference_changes_a_resource_when_its_value_does(aws):
    source, parameters = f"/source/{uuid.uuid4().hex}", aws.client("ssm")
    resources = {"Copy": parameter(f"{{{{resolve:ssm:{source}}}}}"), "Other": parameter("other")}
    parameters.put_parameter(Name=source, Type="String", Value="first")
    name = aws.deploy(resources, **output("1"))["StackName"]

    aws.deploy(resources, name=name, **output("2"))
    same = told(aws, name)
    parameters.put_parameter(Name=source, Type="String", Value="second", Overwrite=True)
    aws.deploy(resources, name=name, **output("3"))

    assert same == {}
    assert told(aws, name) == {"Copy": UPDATED}
    assert value(aws, name, "Copy") == "second"


def test_a_custom_resource_is_called_only_when_its_properties_change(aws):
    code = """
import json, urllib.request, uuid

def handler(event, context):
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer.update(Status="SUCCESS", PhysicalResourceId="made", Data={"Call": str(uuid.uuid4())})
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).close()
"""
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": code},
            "Timeout": 20,
        },
    }

    def custom(size):
        properties = {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Size": size}
        return {"Function": function, "Custom": {"Type": "Custom::Thing", "Properties": properties}}

    def call(stack):
        return next(one["OutputValue"] for one in stack["Outputs"] if one["OutputKey"] == "Call")

    def outputs(edit):
        called = {"Call": {"Value": {"Fn::GetAtt": ["Custom", "Call"]}}}
        return {"Outputs": {**called, "Edit": {"Value": edit}}}

    created = aws.deploy(custom(1), **outputs("1"))
    name = created["StackName"]
    same = aws.deploy(custom(1), name=name, **outputs("2"))
    left = told(aws, name)
    changed = aws.deploy(custom(2), name=name, **outputs("2"))

    assert left == {}
    assert call(same) == call(created)
    assert told(aws, name) == {"Custom": UPDATED}
    assert call(changed) != call(created)


def test_a_resource_that_was_deleted_by_hand_is_not_made_again(aws):
    name = aws.deploy({"Queue": queue()}, **output("1"))["StackName"]
    url = aws.resource(name, "Queue")
    aws.client("sqs").delete_queue(QueueUrl=url)

    updated = aws.deploy({"Queue": queue()}, name=name, **output("2"))

    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert told(aws, name) == {}
    with pytest.raises(ClientError, match="NonExistentQueue"):
        aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


def test_a_failed_update_leaves_what_was_there_before(aws):
    missing = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"S3Bucket": "no-such-bucket", "S3Key": "code.zip"},
        },
        "DependsOn": "Queue",
    }
    name = aws.deploy({"Queue": queue(10), "Other": queue()})["StackName"]

    failed = aws.deploy({"Queue": queue(20), "Other": queue(), "Function": missing}, name=name)
    course, restored = told(aws, name), timeout(aws, name)
    again = aws.deploy({"Queue": queue(20), "Other": queue()}, name=name)

    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert course.keys() == {"Queue", "Function"}
    assert course["Queue"] == [*UPDATED, *UPDATED]
    assert course["Function"][:2] == ["CREATE_IN_PROGRESS", "CREATE_FAILED"]
    assert restored == "10"
    assert again["StackStatus"] == "UPDATE_COMPLETE"
    assert told(aws, name) == {"Queue": UPDATED}
    assert timeout(aws, name) == "20"


def test_a_resource_that_cannot_be_updated_is_told_of(aws):
    def table(key):
        properties = {
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        }
        return {"Table": {"Type": "AWS::DynamoDB::Table", "Properties": properties}, "Other": queue()}

    name = aws.deploy(table("id"))["StackName"]
    aws.client("dynamodb").put_item(TableName=aws.resource(name, "Table"), Item={"id": {"S": "1"}})

    failed = aws.deploy(table("other"), name=name)

    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert told(aws, name) == {"Table": ["UPDATE_IN_PROGRESS", "UPDATE_FAILED", "UPDATE_COMPLETE"]}


def test_what_was_deployed_is_known_after_a_restart(run_cloud, aws_at, tmp_path):
    with run_cloud(tmp_path) as started:
        name = aws_at(started.endpoint_url).deploy({"Queue": queue(10), "Other": queue()})["StackName"]

    with run_cloud(tmp_path) as started:
        aws = aws_at(started.endpoint_url)
        aws.deploy({"Queue": queue(20), "Other": queue()}, name=name)

        assert told(aws, name) == {"Queue": UPDATED}
        assert timeout(aws, name) == "20"


def test_a_tag_of_the_stack_reaches_all_resources(aws):
    resources = {"Queue": queue(), "Topic": {"Type": "AWS::SNS::Topic"}, "Parameter": parameter("value")}
    name = aws.deploy(resources)["StackName"]

    def deploy(edit):
        aws.client("cloudformation").update_stack(
            StackName=name,
            TemplateBody=json.dumps({"Resources": resources, **output(edit)}),
            Tags=[{"Key": "team", "Value": "notes"}],
        )
        aws.settled(name)
        return told(aws, name)

    tagged, same = deploy("1"), deploy("2")

    assert tagged == dict.fromkeys(resources, UPDATED)
    assert same == {}
    found = aws.client("sqs").list_queue_tags(QueueUrl=aws.resource(name, "Queue"))
    assert found["Tags"]["team"] == "notes"


def test_new_metadata_is_a_change(aws):
    name = aws.deploy({"Queue": queue(Metadata={"a": 1}), "Other": queue()})["StackName"]

    aws.deploy({"Queue": queue(Metadata={"a": 2}), "Other": queue()}, name=name)

    assert told(aws, name) == {"Queue": UPDATED}
    assert json.loads(described(aws, name, "Queue")["Metadata"]) == {"a": 2}


def test_a_change_set_leaves_unchanged_resources_alone(aws):
    stacks = aws.client("cloudformation")
    name = aws.deploy({"Queue": queue(10), "Other": queue()})["StackName"]
    template = json.dumps({"Resources": {"Queue": queue(20), "Other": queue()}})

    stacks.create_change_set(StackName=name, ChangeSetName="edit", TemplateBody=template)
    stacks.get_waiter("change_set_create_complete").wait(
        StackName=name, ChangeSetName="edit", WaiterConfig={"Delay": 0.1}
    )
    stacks.execute_change_set(StackName=name, ChangeSetName="edit")

    assert aws.settled(name)["StackStatus"] == "UPDATE_COMPLETE"
    assert told(aws, name) == {"Queue": UPDATED}
    assert timeout(aws, name) == "20"


def with_nested_stack(aws, endpoint_url, text):
    """Return resources, among them a nested stack of which one resource has a text and refers to another that never changes."""
    bucket, key = f"templates-{uuid.uuid4().hex[:8]}", "template.json"
    value = {"Fn::Join": [" ", [text, {"Fn::GetAtt": ["Queue", "QueueName"]}]]}
    template = {
        "Resources": {"Queue": queue(), "Text": parameter(value)},
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}}, "Text": {"Value": {"Ref": "Text"}}},
    }
    files = aws.client("s3")
    files.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    files.put_object(Bucket=bucket, Key=key, Body=json.dumps(template))
    nested = {"Type": STACK, "Properties": {"TemplateURL": f"{endpoint_url}/{bucket}/{key}"}}
    return {"Nested": nested, "Arn": parameter({"Fn::GetAtt": ["Nested", "Outputs.Arn"]})}


def text_of_nested_stack(aws, name):
    nested = aws.client("cloudformation").describe_stacks(StackName=aws.resource(name, "Nested"))["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in nested["Outputs"]}
    return aws.client("ssm").get_parameter(Name=outputs["Text"])["Parameter"]["Value"], outputs["Arn"]


def test_a_nested_stack_is_updated_and_keeps_what_others_refer_to(aws, endpoint_url):
    name = aws.deploy(with_nested_stack(aws, endpoint_url, "first"))["StackName"]
    before, arn = text_of_nested_stack(aws, name)

    updated = aws.deploy(with_nested_stack(aws, endpoint_url, "second"), name=name)

    assert updated["StackStatus"] == "UPDATE_COMPLETE"
    assert text_of_nested_stack(aws, name) == (before.replace("first", "second"), arn)
    assert value(aws, name, "Arn") == arn
    assert "Arn" not in told(aws, name)


def test_nested_stack_attributes_is_still_needed(unmended_bench):
    aws, url = unmended_bench.aws, unmended_bench.cloud.endpoint_url
    name = aws.deploy(with_nested_stack(aws, url, "first"))["StackName"]

    updated = aws.deploy(with_nested_stack(aws, url, "second"), name=name)

    assert updated["StackStatus"] != "UPDATE_COMPLETE", "the emulator keeps the attributes"
    assert "Requested attribute" in aws.reasons(name)
