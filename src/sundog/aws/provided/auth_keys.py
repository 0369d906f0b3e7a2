"""Makes the keys of an `Auth`: a SecureString that CloudFormation itself cannot make, and that no template ever shows."""

import base64
import json
import secrets
import time
import urllib.request
from typing import Any

import boto3

KEPT_KEYS = 2
"""The one that signs, and the one before it, whose sessions are still good."""
KEY_BYTES = 32
ANSWER_SECONDS = 10
LONGEST_REASON = 1000


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's own
    """Answer one request of CloudFormation."""
    del context
    properties = event["ResourceProperties"]
    answer = {"Status": "SUCCESS", "Reason": "", "PhysicalResourceId": properties["Parameter"]}
    try:
        if event["RequestType"] == "Delete":
            remove(event["PhysicalResourceId"])
        else:
            provide(properties["Parameter"], properties["KeyVersion"])
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation is to hear of it
        answer |= {"Status": "FAILED", "Reason": str(error)[:LONGEST_REASON]}
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        answer[key] = event[key]
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"content-type": ""}, method="PUT")  # noqa: S310 - CloudFormation's own
    urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - as above


def provide(parameter: str, version: str) -> None:
    """Put a key of a version before the others, unless it is there."""
    parameters = boto3.client("ssm")
    try:
        found = parameters.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]["Value"]
        keys = json.loads(found)["keys"]
    except parameters.exceptions.ParameterNotFound:
        keys = []
    if keys and keys[0]["version"] == version:
        return
    key = {
        "id": secrets.token_hex(4),
        "version": version,
        "made_at": int(time.time()),
        "secret": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(),
    }
    value = json.dumps({"keys": [key, *keys][:KEPT_KEYS]})
    parameters.put_parameter(Name=parameter, Value=value, Type="SecureString", Overwrite=True)


def remove(parameter: str) -> None:
    """Delete the keys; nobody stays signed in."""
    parameters = boto3.client("ssm")
    try:
        parameters.delete_parameter(Name=parameter)
    except parameters.exceptions.ParameterNotFound:
        return
