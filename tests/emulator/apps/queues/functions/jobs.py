import json


def work(event, context):
    print("working on", [record["body"] for record in event["Records"]])
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def collect(event, context):
    return [json.loads(record["body"])["n"] for record in event["Records"]]


def collect_later(event, context):
    return [record["body"] for record in event["Records"]]
