"""DynamoDB, STS and SSM, as far as the first apps use them."""

from __future__ import annotations

import uuid

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture(scope="module")
def notes(aws):
    """The resource API of a table with a partition and a sort key, and an index."""
    name = f"notes-{uuid.uuid4().hex[:8]}"
    types = {"userId": "S", "noteId": "S", "made": "N"}
    aws.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[
            {"AttributeName": "userId", "KeyType": "HASH"},
            {"AttributeName": "noteId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind in types.items()],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "made",
                "KeySchema": [
                    {"AttributeName": "userId", "KeyType": "HASH"},
                    {"AttributeName": "made", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    session = boto3.Session("test", "test", region_name="eu-west-1")
    return session.resource("dynamodb", endpoint_url=aws.endpoint_url).Table(name)


def test_item_is_written_read_changed_and_deleted(notes):
    key = {"userId": "u", "noteId": "1"}
    notes.put_item(Item={**key, "text": "first", "made": 1})
    changed = notes.update_item(
        Key=key,
        UpdateExpression="SET #t = :t ADD made :one",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": "second", ":one": 1},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    read = notes.get_item(Key=key)["Item"]
    notes.delete_item(Key=key)

    assert changed == read == {**key, "text": "second", "made": 2}
    assert "Item" not in notes.get_item(Key=key)


def test_condition_that_does_not_hold_changes_nothing(notes):
    key = {"userId": "condition", "noteId": "1"}
    notes.put_item(Item=key, ConditionExpression="attribute_not_exists(noteId)")

    with pytest.raises(ClientError, match="ConditionalCheckFailedException"):
        notes.put_item(Item={**key, "x": 1}, ConditionExpression="attribute_not_exists(noteId)")
    assert notes.get_item(Key=key)["Item"] == key


def test_query_pages_through_a_partition_in_order(notes):
    for number in range(5):
        notes.put_item(Item={"userId": "pages", "noteId": str(number), "made": 10 - number})
    condition = {"KeyConditionExpression": "userId = :u", "ExpressionAttributeValues": {":u": "pages"}}

    first = notes.query(**condition, Limit=3)
    second = notes.query(**condition, ExclusiveStartKey=first["LastEvaluatedKey"])
    by_date = notes.query(**condition, IndexName="made", ScanIndexForward=False)

    assert [item["noteId"] for item in first["Items"] + second["Items"]] == list("01234")
    assert [item["noteId"] for item in by_date["Items"]] == list("01234")


def test_role_is_assumed_and_its_credentials_are_its_own(aws):
    name = f"role-{uuid.uuid4().hex[:8]}"
    role = aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    credentials = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="function")["Credentials"]
    identity = boto3.client(
        "sts",
        endpoint_url=aws.endpoint_url,
        region_name="eu-west-1",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    ).get_caller_identity()

    assert identity["Account"] == "000000000000"
    assert identity["Arn"] == f"arn:aws:sts::000000000000:assumed-role/{name}/function"


def test_parameter_is_kept_by_version(aws):
    parameters = aws.client("ssm")
    name = f"/conformance/{uuid.uuid4().hex}"
    parameters.put_parameter(Name=name, Value="a", Type="SecureString")
    parameters.put_parameter(Name=name, Value="b", Type="SecureString", Overwrite=True)

    found = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]

    assert (found["Value"], found["Version"]) == ("b", 2)


def test_queue_address_is_reachable(aws):
    url, _ = aws.queue()

    assert url.startswith("http://127.0.0.1:")
