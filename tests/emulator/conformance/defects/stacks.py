"""What the emulator without mends does wrong when stacks are deployed: each function says whether it still does."""

from __future__ import annotations

import pytest

ROLE = "arn:aws:iam::000000000000:role/conformance"


def made(aws, resource_type, properties):
    stack = aws.deploy({"It": {"Type": resource_type, "Properties": properties}})
    return stack, aws.resource(stack["StackName"], "It")


def tags_are_dropped(aws):
    _, bucket = made(aws, "AWS::S3::Bucket", {"Tags": [{"Key": "a", "Value": "b"}]})
    with pytest.raises(Exception, match="NoSuchTagSet"):
        aws.client("s3").get_bucket_tagging(Bucket=bucket)
    return True


def function(code, **properties):
    return {"Runtime": "python3.12", "Handler": "index.handler", "Role": ROLE, "Code": code, **properties}


def function_properties_are_dropped(aws):
    inline = {"ZipFile": "def handler(event, context): return 1"}
    _, name = made(aws, "AWS::Lambda::Function", function(inline, ReservedConcurrentExecutions=3))
    return "ReservedConcurrentExecutions" not in aws.client("lambda").get_function_concurrency(
        FunctionName=name
    )


def missing_code_is_taken(aws):
    stack, _ = made(aws, "AWS::Lambda::Function", function({"S3Bucket": "none", "S3Key": "none"}))
    return stack["StackStatus"] == "CREATE_COMPLETE"


def table(key, **properties):
    return {
        "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
        **properties,
    }


def items_are_deleted(aws):
    stack, name = made(aws, "AWS::DynamoDB::Table", table("id"))
    aws.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})
    changed = {"It": {"Type": "AWS::DynamoDB::Table", "Properties": table("other")}}
    aws.deploy(changed, name=stack["StackName"])
    return aws.client("dynamodb").scan(TableName=name)["Count"] == 0


def time_to_live_is_dropped(aws):
    _, name = made(
        aws,
        "AWS::DynamoDB::Table",
        table("id", TimeToLiveSpecification={"AttributeName": "e", "Enabled": True}),
    )
    described = aws.client("dynamodb").describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    return described["TimeToLiveStatus"] == "DISABLED"


def time_zone_is_dropped(aws):
    properties = {
        "ScheduleExpression": "cron(0 9 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Paris",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:eu-west-1:000000000000:function:none", "RoleArn": ROLE},
    }
    _, name = made(aws, "AWS::Scheduler::Schedule", properties)
    return aws.client("scheduler").get_schedule(Name=name)["ScheduleExpressionTimezone"] == "UTC"


def crashed_custom_resource_waits(aws):
    resources = {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": function({"ZipFile": "raise RuntimeError"}),
        },
        "It": {
            "Type": "Custom::Thing",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "ServiceTimeout": 1},
        },
    }
    return "timed out" in aws.reasons(aws.deploy(resources)["StackName"])
