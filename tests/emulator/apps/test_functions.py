"""Functions by themselves: asynchronous events, addresses of their own, any event source of the CDK."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("apps-functions")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "functions") as running:
        yield running


@pytest.fixture
def send(app):
    """Send an event that nobody waits for."""

    def invoke(function, event):
        answer = app.aws("lambda").invoke(
            FunctionName=app.physical_name(function), InvocationType="Event", Payload=json.dumps(event)
        )
        assert answer["StatusCode"] == 202

    return invoke


@pytest.fixture
def received(app, wait_for):
    """Take the message about an order from a queue that an output names; those about others are thrown away."""

    def take(output, order):
        def message():
            found = app.aws("sqs").receive_message(
                QueueUrl=app.output(output), WaitTimeSeconds=1, MessageAttributeNames=["All"]
            )
            about = f'"order": {order}'
            return next((one for one in found.get("Messages", []) if about in one["Body"]), None)

        return wait_for(message, f"a message about order {order} in {output}")

    return take


def fetch(url, data=None, **headers):
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_an_event_that_fails_is_tried_three_times_and_reaches_its_destinations(app, send, received):
    mark = app.mark()
    send("charge", {"order": 1, "card": "stolen"})

    record = json.loads(received("Failures", 1)["Body"])
    dead = received("DeadLetters", 1)
    attempts = app.seen("charge", since=mark)

    assert len(attempts) == 3
    assert len({one.started.request_id for one in attempts}) == 1
    assert {one.finished.error.error_type for one in attempts} == {"CardRefused"}
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"order": 1, "card": "stolen"}
    assert record["responsePayload"]["errorMessage"] == "no money"
    assert json.loads(dead["Body"]) == {"order": 1, "card": "stolen"}
    assert dead["MessageAttributes"]["ErrorMessage"]["StringValue"] == "no money"


def test_a_result_reaches_the_next_function(app, send):
    mark = app.mark()
    send("charge", {"order": 2, "card": "own"})

    (shipped,) = app.wait_for("ship", since=mark)

    assert shipped.event["requestContext"]["condition"] == "Success"
    assert shipped.event["requestPayload"] == {"order": 2, "card": "own"}
    assert shipped.event["responsePayload"] == {"charged": 2}
    assert len(app.seen("charge", since=mark)) == 1


def test_results_reach_a_bus_a_topic_and_a_bucket(app, send, wait_for):
    mark = app.mark()
    send("to_bus", {"order": 3})
    send("to_topic", {"order": 4, "card": "stolen"})
    send("to_bucket", {"order": 5})

    (by_bus,) = app.wait_for("told_by_bus", since=mark)
    (by_topic,) = app.wait_for("told_by_topic", since=mark)
    objects = app.aws("s3")
    kept = wait_for(
        lambda: objects.list_objects_v2(Bucket=app.output("Kept")).get("Contents"), "the result in the bucket"
    )
    content = objects.get_object(Bucket=app.output("Kept"), Key=kept[0]["Key"])["Body"].read()

    assert by_bus.event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert by_bus.event["detail"]["responsePayload"] == {"charged": 3}
    told = json.loads(by_topic.event["Records"][0]["Sns"]["Message"])
    assert told["responsePayload"]["errorMessage"] == "no money"
    assert kept[0]["Key"].startswith(f"aws/lambda/async/{app.physical_name('to_bucket')}/")
    assert json.loads(content)["responsePayload"] == {"charged": 5}


def test_a_url_answers_for_its_function_to_pages_of_any_origin(app):
    status, headers, body = fetch(
        f"{app.output('Page')}notes/1?tag=a",
        b"hello",
        origin="https://a.example",
        **{"content-type": "text/plain"},
    )

    assert (status, headers["Access-Control-Allow-Origin"]) == (201, "*")
    assert json.loads(body) == {"path": "/notes/1", "query": {"tag": "a"}, "body": "hello"}
    seen = app.seen("page")[-1]
    assert seen.event["version"] == "2.0"
    assert seen.trigger.label == "function URL"


def test_a_test_calls_the_url_of_a_function_by_its_name(app):
    text = {"content-type": "text/plain"}
    answer = app.request("PUT", "/notes/2", api="page", query={"tag": "b"}, data="again", headers=text)

    assert (answer.status, answer.json()) == (
        201,
        {"path": "/notes/2", "query": {"tag": "b"}, "body": "again"},
    )
    assert app.url("page") + "/" == app.output("Page")


def test_a_signed_url_refuses_who_does_not_sign(app):
    status, headers, _ = fetch(app.output("Signed"), origin="https://a.example")

    assert status == 403
    assert "Access-Control-Allow-Origin" not in headers


def test_a_streamed_response_arrives_with_its_own_head(app):
    status, headers, body = fetch(f"{app.output('Stream')}x")

    assert (status, headers["Content-Type"], headers["x-path"]) == (202, "text/plain", "/x")
    assert body == b"first second"


def test_an_event_source_of_the_cdk_reaches_the_function(app):
    mark = app.mark()
    app.aws("kinesis").put_record(StreamName=app.output("Clicks"), Data=b"click", PartitionKey="a")

    (seen,) = app.wait_for("count", since=mark)

    assert seen.response == ["click"]
    assert seen.trigger.label == "clicks"


def test_a_log_keeps_what_its_level_says(app, send):
    def messages():
        mark = app.mark()
        send("quiet", {})
        (seen,) = app.wait_for("quiet", since=mark)
        lines = [json.loads(line) for line in seen.logs if line.startswith("{")]
        return [(line["level"], line["message"]) for line in lines if "said" in line.get("message", "")]

    before = messages()
    app.edit("app.py", 'log_level="WARN"', 'log_level="INFO"')
    app.deploy()

    assert before == [("WARNING", "said loudly")]
    assert messages() == [("INFO", "said quietly"), ("WARNING", "said loudly")]


def test_the_warmer_keeps_environments_warm_and_no_handler_hears_of_it(app):
    mark = app.mark()
    rules = app.aws("events")
    (rule,) = [one for one in rules.list_rules()["Rules"] if "of ready warm" in one.get("Description", "")]
    (target,) = rules.list_targets_by_rule(Rule=rule["Name"])["Targets"]

    answer = app.aws("lambda").invoke(FunctionName=target["Arn"], Payload=target["Input"])
    told = json.load(answer["Payload"])

    assert "FunctionError" not in answer, told
    assert told == {"events": 2, "environments": 1}
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert app.seen("ready", since=mark) == []


def test_a_node_function_finds_what_is_copied_and_made_for_its_package(app):
    first = app.invoke("greet")
    app.write("texts/words.txt", "good evening")
    second = app.invoke("greet")

    assert first == {"words": "hello", "made": "made for greet"}
    assert second == {"words": "good evening", "made": "made for greet"}
    assert not (app.root / "data").exists()


def test_an_event_to_a_published_version_reaches_its_destination(app, received):
    answer = app.aws("lambda").invoke(
        FunctionName=f"{app.physical_name('ready')}:live", InvocationType="Event", Payload=b'{"order": 8}'
    )
    record = json.loads(received("Failures", 8)["Body"])

    assert answer["StatusCode"] == 202
    assert record["responsePayload"] == {"charged": 8}
    assert re.search(r":live:\d+$", record["requestContext"]["functionArn"])


def test_another_destination_takes_the_place_of_the_first(app, send):
    app.edit("app.py", "retries=0, on_success=failures)", "retries=0, on_success=page)")
    app.deploy()
    mark = app.mark()
    send("refund", {"order": 6})

    (told,) = app.wait_for("page", where=lambda one: "responsePayload" in one.event, since=mark)

    assert told.event["responsePayload"] == {"charged": 6}
