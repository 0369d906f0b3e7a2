"""Keeps texts in the table."""

import boto3
from sundog_runtime import resources

table = boto3.resource("dynamodb").Table(resources.kept.table_name)


def write(event, context):
    table.put_item(Item={"id": event["pathParameters"]["id"], "text": event.get("body") or ""})
    return {"statusCode": 204}


def read(event, context):
    item = table.get_item(Key={"id": event["pathParameters"]["id"]}).get("Item")
    return {"text": item["text"]} if item else {"statusCode": 404, "body": "{}"}
