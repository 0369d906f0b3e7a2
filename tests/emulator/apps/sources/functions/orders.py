import json


def every(event, context):
    print("order", event["Records"][0]["Sns"]["Message"])


def large(event, context):
    print("a large order")


def gift(event, context):
    print("a gift")


def undelivered(event, context):
    return [json.loads(json.loads(record["body"])["Message"])["id"] for record in event["Records"]]


def book(event, context):
    return [record["body"] for record in event["Records"]]
