"""An event that nobody waits for fails: it is tried again, and all of it can be read afterwards."""

from __future__ import annotations

import json
import subprocess
import sys

import boto3
import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]


def test_every_attempt_is_in_the_log(trials, waiting):
    mark = trials.mark()
    functions = boto3.client(
        "lambda",
        endpoint_url=trials.ready["endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    name = next(
        one["FunctionName"]
        for one in functions.list_functions()["Functions"]
        if one["Handler"] == "functions/refuse.handler"
    )
    sent = functions.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"what": "today"}')
    request_id = sent["ResponseMetadata"]["RequestId"]
    waiting(
        lambda: sum(event["type"] == "InvocationFinished" for event in trials.events[mark:]) == 3,
        lambda: f"three attempts; {trials.output}",
    )

    command = [sys.executable, "-m", "sundog", "logs", "refuse", "--json"]
    printed = subprocess.run(command, cwd=trials.root, capture_output=True, text=True, check=True).stdout
    lines = [line for line in map(json.loads, printed.splitlines()) if line["request_id"] == request_id]

    assert sum("not today" in line["text"] for line in lines) == 3, printed
