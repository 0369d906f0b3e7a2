"""What stands behind the routes, and what decides who may call them."""


def me(event, context):
    return {"authorizer": event["requestContext"].get("authorizer"), "route": event["routeKey"]}


def legacy(event, context):
    return {"statusCode": 200, "body": f"{event['version']} {event['httpMethod']} {event['resource']}"}


def check(event, context):
    key = event["headers"]["x-key"]
    return {"isAuthorized": key == "right", "context": {"key": key}}


def policy(event, context):
    key = event["headers"]["x-key"]
    effect = "Allow" if key == "right" else "Deny"
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": key,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"key": key},
    }
