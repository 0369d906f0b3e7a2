"""CloudFormation: what the deploy engine and the CDK's default synthesizer rely on."""

from __future__ import annotations

import json
import uuid

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/conformance"


def queue(**properties):
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def table(key="id", **properties):
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            **properties,
        },
    }


def function(code, **properties):
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.12",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": code,
            "Timeout": 20,
            **properties,
        },
    }


def test_stack_is_created_updated_in_place_and_deleted(aws):
    created = aws.deploy({"Queue": queue(VisibilityTimeout=10)}, Outputs={"Url": {"Value": {"Ref": "Queue"}}})
    url = created["Outputs"][0]["OutputValue"]
    updated = aws.deploy({"Queue": queue(VisibilityTimeout=20)}, name=created["StackName"])
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    aws.client("cloudformation").delete_stack(StackName=created["StackName"])
    deleted = aws.settled(created["StackId"])

    assert (created["StackStatus"], updated["StackStatus"], deleted["StackStatus"]) == (
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "DELETE_COMPLETE",
    )
    assert attributes["VisibilityTimeout"] == "20"
    with pytest.raises(ClientError, match="NonExistentQueue"):
        aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


def test_update_without_a_change_is_refused_as_such(aws):
    stack = aws.deploy({"Queue": queue()})

    with pytest.raises(ClientError, match="No updates are to be performed"):
        aws.deploy({"Queue": queue()}, name=stack["StackName"])


def test_failed_creation_is_rolled_back_and_says_why(aws):
    missing = {"S3Bucket": "no-such-bucket", "S3Key": "code.zip"}
    stack = aws.deploy({"Queue": queue(), "Function": function(missing)})

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "no-such-bucket/code.zip" in aws.reasons(stack["StackName"])


def test_failed_update_is_rolled_back(aws):
    stack = aws.deploy({"Queue": queue(VisibilityTimeout=10)}, Outputs={"Url": {"Value": {"Ref": "Queue"}}})
    url = stack["Outputs"][0]["OutputValue"]
    missing = {"S3Bucket": "no-such-bucket", "S3Key": "code.zip"}

    updated = aws.deploy(
        {"Queue": queue(VisibilityTimeout=20), "Function": function(missing)}, name=stack["StackName"]
    )
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert updated["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert attributes["VisibilityTimeout"] == "10"


def test_change_set_shows_and_makes_changes(aws, wait_for):
    stacks = aws.client("cloudformation")
    name = f"stack-{uuid.uuid4().hex[:8]}"
    template = json.dumps({"Resources": {"Queue": queue()}})

    stacks.create_change_set(
        StackName=name, ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=template
    )
    described = wait_for(
        lambda: (
            (
                found := stacks.describe_change_set(StackName=name, ChangeSetName="first"),
                found["Status"] == "CREATE_COMPLETE",
            )[1]
            and found
        ),
        "the change set",
    )
    stacks.execute_change_set(StackName=name, ChangeSetName="first")

    assert described["Changes"][0]["ResourceChange"]["Action"] == "Add"
    assert aws.settled(name)["StackStatus"] == "CREATE_COMPLETE"


def test_export_is_imported_and_cannot_be_deleted_while_it_is(aws):
    name = f"export-{uuid.uuid4().hex[:8]}"
    output = {"Arn": {"Value": {"Fn::GetAtt": ["Queue", "Arn"]}, "Export": {"Name": name}}}
    exporting = aws.deploy({"Queue": queue()}, Outputs=output)
    parameter = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": f"/{name}", "Value": {"Fn::ImportValue": name}},
    }
    aws.deploy({"Parameter": parameter})
    value = aws.client("ssm").get_parameter(Name=f"/{name}")["Parameter"]["Value"]

    assert value == exporting["Outputs"][0]["OutputValue"]
    with pytest.raises(ClientError, match=name):
        aws.client("cloudformation").delete_stack(StackName=exporting["StackName"])


def test_bootstrap_version_is_checked_as_the_cdk_writes_it(aws):
    version = "/cdk-bootstrap/hnb659fds/version"
    aws.client("ssm").put_parameter(Name=version, Value="28", Type="String", Overwrite=True)
    refused = [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "BootstrapVersion"}]}]
    stack = aws.deploy(
        {"Queue": queue()},
        Parameters={"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": version}},
        Rules={
            "CheckBootstrapVersion": {
                "Assertions": [
                    {"Assert": {"Fn::Not": refused}, "AssertDescription": "CDK bootstrap stack version 6"}
                ]
            }
        },
    )

    assert stack["StackStatus"] == "CREATE_COMPLETE"


def test_metadata_resource_of_the_cdk_is_taken(aws):
    metadata = {"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2:deflate64:none"}}

    assert aws.deploy({"Queue": queue(), "CDKMetadata": metadata})["StackStatus"] == "CREATE_COMPLETE"


def test_function_keeps_its_dead_letter_queue_and_reserved_concurrency(aws):
    _, arn = aws.queue()
    inline = {"ZipFile": "def handler(event, context): return 1"}
    properties = {"DeadLetterConfig": {"TargetArn": arn}, "ReservedConcurrentExecutions": 3}
    stack = aws.deploy({"Function": function(inline, **properties)})
    name = aws.resource(stack["StackName"], "Function")
    functions = aws.client("lambda")

    configuration = functions.get_function_configuration(FunctionName=name)
    concurrency = functions.get_function_concurrency(FunctionName=name)

    assert configuration["DeadLetterConfig"] == {"TargetArn": arn}
    assert concurrency["ReservedConcurrentExecutions"] == 3


def test_bucket_keeps_its_tags(aws):
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "a", "Value": "b"}]}}
    stack = aws.deploy({"Bucket": bucket})

    tags = aws.client("s3").get_bucket_tagging(Bucket=aws.resource(stack["StackName"], "Bucket"))

    assert tags["TagSet"] == [{"Key": "a", "Value": "b"}]


def test_change_of_a_key_does_not_delete_the_items_of_a_table(aws):
    stack = aws.deploy({"Table": table("id")})
    name = aws.resource(stack["StackName"], "Table")
    aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})

    updated = aws.deploy({"Table": table("other")}, name=stack["StackName"])

    assert updated["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "would delete its items" in aws.reasons(stack["StackName"])
    assert aws.client("dynamodb").scan(TableName=name)["Count"] == 1


def test_table_keeps_its_time_to_live(aws):
    specification = {"AttributeName": "expires", "Enabled": True}
    stack = aws.deploy({"Table": table(TimeToLiveSpecification=specification)})

    described = aws.client("dynamodb").describe_time_to_live(
        TableName=aws.resource(stack["StackName"], "Table")
    )

    assert described["TimeToLiveDescription"]["AttributeName"] == "expires"


def test_schedule_keeps_its_time_zone(aws):
    target = {"Arn": "arn:aws:lambda:eu-west-1:000000000000:function:none", "RoleArn": ROLE}
    properties = {
        "ScheduleExpression": "cron(0 9 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Paris",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    stack = aws.deploy({"Schedule": {"Type": "AWS::Scheduler::Schedule", "Properties": properties}})

    schedule = aws.client("scheduler").get_schedule(Name=aws.resource(stack["StackName"], "Schedule"))

    assert schedule["ScheduleExpressionTimezone"] == "Europe/Paris"


def test_custom_resource_is_made_by_its_function(aws):
    code = """
import json, urllib.request

def handler(event, context):
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer.update(Status="SUCCESS", PhysicalResourceId="made", Data={"Answer": "42"})
    request = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request).close()
"""
    resources = {
        "Function": function({"ZipFile": code}),
        "Custom": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
    }

    stack = aws.deploy(resources, Outputs={"Answer": {"Value": {"Fn::GetAtt": ["Custom", "Answer"]}}})

    assert (stack["StackStatus"], stack["Outputs"][0]["OutputValue"]) == ("CREATE_COMPLETE", "42")


def test_custom_resource_whose_function_crashes_fails_at_once(aws):
    resources = {
        "Function": function({"ZipFile": "raise RuntimeError('broken at import')"}),
        "Custom": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
    }

    stack = aws.deploy(resources)

    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "broken at import" in aws.reasons(stack["StackName"])
