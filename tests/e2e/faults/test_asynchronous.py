"""An event that nobody waits for fails: it is tried again, and all of it can be read afterwards."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import subprocess
import sys

import boto3
import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]


def client(trials, service):
    return boto3.client(
        service,
        endpoint_url=trials.ready["endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_every_attempt_is_in_the_log(trials, waiting):
    mark = trials.mark()
    functions = client(trials, "lambda")
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


def test_the_way_of_a_failed_message_is_in_the_log_and_in_the_store(trials, waiting):
    queues, outputs = client(trials, "sqs"), trials.ready["outputs"]["backend"]
    entries = [{"Id": body, "MessageBody": body} for body in ("good", "bad")]
    queues.send_message_batch(QueueUrl=outputs["Jobs"], Entries=entries)

    def dead_letters():
        return queues.receive_message(QueueUrl=outputs["FailedJobs"], WaitTimeSeconds=1).get("Messages")

    (dead,) = waiting(dead_letters, lambda: f"the dead letter; {trials.output}", seconds=40)
    command = [sys.executable, "-m", "sundog", "logs", "work", "--json"]
    printed = subprocess.run(command, cwd=trials.root, capture_output=True, text=True, check=True).stdout
    written = [line["text"] for line in map(json.loads, printed.splitlines())]
    store = sqlite3.connect(trials.root / ".sundog" / "local" / "events.db")
    with contextlib.closing(store):
        labels = store.execute(
            "SELECT trigger_kind, trigger_label FROM invocations WHERE function = 'backend/jobs/consumer'"
        ).fetchall()

    assert dead["Body"] == "bad"
    # In one batch or two; only the bad one came again.
    words = [word for text in written for word in text.split() if word in {"good", "bad"}]
    assert sorted(words) == ["bad", "bad", "good"]
    assert set(labels) == {("queue", "queue jobs")}


def test_how_a_bad_record_of_a_stream_is_found_is_in_the_log(trials, waiting):
    table = trials.ready["outputs"]["backend"]["Entries"]
    requests = [{"PutRequest": {"Item": {"id": {"S": name}}}} for name in ("a", "bad", "z")]
    client(trials, "dynamodb").batch_write_item(RequestItems={table: requests})

    def posted():
        command = [sys.executable, "-m", "sundog", "logs", "post", "--json"]
        printed = subprocess.run(command, cwd=trials.root, capture_output=True, text=True, check=True).stdout
        texts = [line["text"] for line in map(json.loads, printed.splitlines())]
        found = [text.split()[1:] for text in texts if text.startswith("posting")]
        # Both of its neighbours went through without it, and it was tried twice when it was alone.
        done = [name for ids in found if "bad" not in ids for name in ids]
        return texts if sorted(done) == ["a", "z"] and found.count(["bad"]) == 2 else None

    texts = waiting(posted, lambda: f"the record to be given up; {trials.output}", seconds=40)

    assert sum("bad cannot be posted" in text for text in texts) >= 3
