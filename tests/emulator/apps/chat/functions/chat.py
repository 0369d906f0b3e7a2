"""The chat's functions."""

import contextlib
import json

from sundog_runtime import resources


def check(event, context):
    token = event["queryStringParameters"]["token"]
    effect = "Deny" if token == "stranger" else "Allow"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": token,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"user": token},
    }


def connect(event, context):
    if event["queryStringParameters"].get("room") == "full":
        return {"statusCode": 409}
    item = {
        "connectionId": event["requestContext"]["connectionId"],
        "user": event["requestContext"]["authorizer"]["user"],
    }
    resources.connections.table.put_item(Item=item)
    return {"statusCode": 200}


def disconnect(event, context):
    key = {"connectionId": event["requestContext"]["connectionId"]}
    resources.connections.table.delete_item(Key=key)
    return {"statusCode": 200}


def say(event, context):
    data = json.dumps({"said": json.loads(event["body"])["text"]})
    client = resources.chat.client
    for item in resources.connections.table.scan()["Items"]:
        # A client may be gone before its `$disconnect` has run.
        with contextlib.suppress(client.exceptions.GoneException):
            client.post_to_connection(ConnectionId=item["connectionId"], Data=data)
    return {"statusCode": 200, "body": "never sent: the route has no response"}


def announce(event, context):
    return say({"body": json.dumps(event)}, context)["statusCode"]


def time(event, context):
    return {"statusCode": 200, "body": json.dumps({"epoch": event["requestContext"]["requestTimeEpoch"]})}


def version(event, context):
    return {"statusCode": 200, "body": json.dumps("version 1")}


def other(event, context):
    data = json.dumps({"other": event["body"]})
    resources.chat.client.post_to_connection(ConnectionId=event["requestContext"]["connectionId"], Data=data)


def fail(event, context):
    raise ValueError("a secret of the function")
