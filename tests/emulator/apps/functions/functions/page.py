import json


def handler(event, context):
    about = {"path": event["rawPath"], "query": event.get("queryStringParameters"), "body": event.get("body")}
    return {"statusCode": 201, "headers": {"content-type": "application/json"}, "body": json.dumps(about)}
