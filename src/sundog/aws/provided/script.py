"""Between CloudFormation and a script: runs its function, waits for the end, and says how it ended."""

import json
import urllib.request
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

MARGIN_SECONDS = 15
LONGEST_REASON = 1500


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's own
    """Answer one request of CloudFormation."""
    answer = {"Status": "SUCCESS", "Reason": ""}
    try:
        run(event, context.get_remaining_time_in_millis() / 1000 - MARGIN_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation is to hear of it
        answer = {"Status": "FAILED", "Reason": str(error)[:LONGEST_REASON]}
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        answer[key] = event[key]
    answer["PhysicalResourceId"] = event.get("PhysicalResourceId", event["LogicalResourceId"])
    body = json.dumps(answer).encode()
    headers = {"content-type": ""}
    request = urllib.request.Request(event["ResponseURL"], body, headers, method="PUT")  # noqa: S310 - CloudFormation's own
    urllib.request.urlopen(request, timeout=MARGIN_SECONDS - 5).close()  # noqa: S310 - as above


def run(event: dict[str, Any], seconds: float) -> None:
    """Invoke the function for this kind of request; raise what it raised."""
    kind, properties = event["RequestType"].lower(), event["ResourceProperties"]
    function = properties.get(f"on_{kind}")
    if not function or (kind != "create" and rolls_back(event["StackId"])):
        return
    payload = {"type": kind, "params": json.loads(properties["params"])}
    if kind == "update":
        payload["previous_params"] = json.loads(event["OldResourceProperties"]["params"])
    settings = Config(read_timeout=seconds, retries={"total_max_attempts": 1})
    functions = boto3.client("lambda", config=settings)
    try:
        result = functions.invoke(FunctionName=function, Payload=json.dumps(payload))
    except ReadTimeoutError:
        raise TimeoutError(f"{function} did not end within {seconds:.0f} seconds") from None
    body = result["Payload"].read().decode()
    if "FunctionError" in result:
        raise RuntimeError(f"{described(body)}; its log: /aws/lambda/{function}")


def described(body: str) -> str:
    """Return an error of Lambda's in one line."""
    error = json.loads(body)
    kind, message = error.get("errorType"), str(error.get("errorMessage", ""))
    return f"{kind}: {message}" if kind else message


def rolls_back(stack: str) -> bool:
    """Tell whether CloudFormation undoes a deploy: scripts run forwards only."""
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)
    return "ROLLBACK" in found["Stacks"][0]["StackStatus"]
