import base64
import json


def audited(event, context):
    return event["detail"]["total"]


def relayed(event, context):
    return json.loads(event["Records"][0]["Sns"]["Message"])


def streamed(event, context):
    records = [record["kinesis"] for record in event["Records"]]
    return [
        (one["partitionKey"], json.loads(base64.b64decode(one["data"]))["detail-type"]) for one in records
    ]


def queued(event, context):
    return [json.loads(record["body"]) for record in event["Records"]]
