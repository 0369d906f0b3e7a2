"""Lambda's Invoke API, in front of functions that the session runs."""

from __future__ import annotations

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_result_and_context_of_a_synchronous_invocation(aws, make_function, target):
    name = make_function(lambda event, _: {"doubled": event["n"] * 2})
    context = base64.b64encode(b'{"custom": {"a": 1}}').decode()

    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b'{"n": 21}', ClientContext=context)

    event, headers = target.seen[name][0]
    assert json.load(answer["Payload"]) == {"doubled": 42}
    assert "FunctionError" not in answer
    assert event == {"n": 21}
    assert headers["x-sundog-client-context"] == context
    assert headers["x-amzn-lambda-request-id"] == answer["ResponseMetadata"]["RequestId"]
    assert headers["x-amzn-lambda-function-arn"].endswith(f":function:{name}")
    assert headers["x-amzn-lambda-function-version"] == "$LATEST"
    assert headers["x-amzn-trace-id"].startswith("Root=1-")
    assert 0 < int(headers["x-amzn-lambda-deadline-ms"]) / 1000 - time.time() < 6


@pytest.mark.parametrize("result", [None, "text", 3, [1, "ä"], {"a": None}])
def test_any_json_result_comes_back_unchanged(aws, make_function, result):
    name = make_function(lambda _event, _: result)

    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    assert json.load(answer["Payload"]) == result


def test_error_keeps_its_type_and_message(aws, make_function, errors):
    def fail(event, headers):
        raise errors.raised("NoteMissing", "no such note")

    name = make_function(fail)

    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b"{}", LogType="Tail")

    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"]) == {
        "errorType": "NoteMissing",
        "errorMessage": "no such note",
        "stackTrace": [],
    }
    assert f"ran {name}" in base64.b64decode(answer["LogResult"]).decode()


def test_throttled_invocation_is_a_too_many_requests_error(aws, make_function, errors):
    def refuse(event, headers):
        raise errors.throttled

    name = make_function(refuse)

    with pytest.raises(aws.client("lambda").exceptions.TooManyRequestsException):
        aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")


def test_alias_is_in_the_arn_that_the_function_sees(aws, make_function, target):
    name = make_function(lambda _event, _: None)
    version = aws.client("lambda").publish_version(FunctionName=name)["Version"]
    aws.client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion=version)

    aws.client("lambda").invoke(FunctionName=f"{name}:live", Payload=b"{}")

    assert target.seen[name][0][1]["x-amzn-lambda-function-arn"].endswith(f"{name}:live")
    assert target.seen[name][0][1]["x-amzn-lambda-function-version"] == version


def test_asynchronous_event_is_tried_three_times_under_one_request_id(
    aws, make_function, target, errors, wait_for
):
    def fail(event, headers):
        raise errors.raised("Broken", "always")

    name = make_function(fail)

    answer = aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    wait_for(lambda: len(target.seen.get(name, ())) == 3, "three attempts")

    ids = {headers["x-amzn-lambda-request-id"] for _, headers in target.seen[name]}
    assert answer["StatusCode"] == 202
    assert ids == {answer["ResponseMetadata"]["RequestId"]}


def test_log_of_an_invocation_is_in_cloudwatch_logs(aws, make_function, wait_for):
    name = make_function(lambda _event, _: None)
    logs = aws.client("logs")
    for _ in range(2):
        aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    streams = logs.describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]
    lines = [
        event["message"] for event in logs.filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    ]

    assert [stream["logStreamName"] for stream in streams] == ["2026/11/23/[$LATEST]0123"]
    assert lines.count(f"ran {name}") == 2
    assert len([line for line in lines if line.startswith("REPORT RequestId: ")]) == 2


def test_a_hundred_invocations_run_at_once(aws, make_function):
    arrived = threading.Barrier(100, timeout=120)
    name = make_function(lambda event, _: arrived.wait() is not None and event, Timeout=150)

    def invoke(number):
        answer = aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(number).encode())
        return json.load(answer["Payload"])

    aws.client("lambda")
    with ThreadPoolExecutor(100) as pool:
        answers = list(pool.map(invoke, range(100)))

    assert answers == list(range(100))


def test_session_that_is_silent_after_the_deadline_is_answered_for(aws, make_function):
    released = threading.Event()
    name = make_function(lambda _event, _: released.wait(20), Timeout=1)

    answer = aws.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    released.set()

    assert answer["FunctionError"] == "Unhandled"
    assert "Task timed out after 1.00 seconds" in answer["Payload"].read().decode()


def test_failed_event_goes_to_the_dead_letter_queue_as_it_was(aws, make_function, errors):
    def fail(event, headers):
        raise errors.raised("Broken", "always")

    url, arn = aws.queue()
    name = make_function(fail, DeadLetterConfig={"TargetArn": arn})
    aws.client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)

    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    [message] = aws.messages(url)

    assert json.loads(message["Body"]) == {"a": 1}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "always"


@pytest.mark.parametrize(
    ("outcome", "condition"), [("OnSuccess", "Success"), ("OnFailure", "RetriesExhausted")]
)
def test_destination_gets_a_record_of_the_invocation(aws, make_function, errors, outcome, condition):
    def handle(event, headers):
        if outcome == "OnFailure":
            raise errors.raised("Broken", "always")
        return {"fine": True}

    url, arn = aws.queue()
    name = make_function(handle)
    aws.client("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={outcome: {"Destination": arn}}
    )

    aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    [message] = aws.messages(url)

    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == condition
    assert record["requestPayload"] == {"a": 1}
