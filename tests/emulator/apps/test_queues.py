"""Queues: what a consumer is given, and what becomes of messages that it cannot handle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("apps")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "queues") as running:
        yield running


@pytest.fixture
def send(app):
    """Have the app's own function send messages, with its binding and its role."""

    def invoke(queue, *bodies, **more):
        answer = app.aws("lambda").invoke(
            FunctionName=app.physical_name("send"),
            Payload=json.dumps({"queue": queue, "bodies": bodies, "more": more}),
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    return invoke


def bodies(seen):
    return [record["body"] for one in seen for record in one.event["Records"]]


def test_only_the_failed_message_of_a_batch_comes_again_and_ends_among_the_dead_letters(app, send, wait_for):
    send("jobs", "good", "bad", "fine")

    def dead_letters():
        received = app.aws("sqs").receive_message(QueueUrl=app.output("Failed"), WaitTimeSeconds=1)
        return received.get("Messages")

    (dead,) = wait_for(dead_letters, "the dead letter")
    seen = app.seen("work")

    assert dead["Body"] == "bad"
    assert sorted(bodies(seen)) == ["bad", "bad", "fine", "good"]
    assert [record["attributes"]["ApproximateReceiveCount"] for record in seen[-1].event["Records"]] == ["2"]
    assert seen[-1].trigger.label == "queue jobs"


def test_messages_of_a_group_keep_their_order(app, send):
    first = [f"one {number}" for number in range(5)]
    second = [f"two {number}" for number in range(5)]
    mark = app.mark()
    send("orders", *first, MessageGroupId="a")
    send("orders", *second, MessageGroupId="a")

    seen = app.wait_for("take", where=lambda one: "two 4" in bodies([one]), since=mark)

    assert seen[-1].event["Records"][0]["attributes"]["MessageGroupId"] == "a"
    assert bodies(app.seen("take", since=mark)) == [*first, *second]


def test_a_pipe_hands_what_passes_its_filter_to_a_function_and_what_fails_to_the_dead_letters(
    app, send, wait_for
):
    mark = app.mark()
    invoices = [
        {"id": "small", "total": 20},
        {"id": "large", "total": 200},
        {"id": "huge", "total": 2_000_000},
    ]
    send("invoices", *map(json.dumps, invoices))

    def unpaid():
        received = app.aws("sqs").receive_message(QueueUrl=app.output("Unpaid"), WaitTimeSeconds=1)
        return received.get("Messages")

    (dead,) = wait_for(unpaid, "the dead letter")
    paid = [one for one in app.seen("pay", since=mark) if one.ok]
    failed = [one for one in app.seen("pay", since=mark) if not one.ok]

    assert json.loads(dead["Body"])["id"] == "huge"
    assert [one.event for one in paid] == [[{"invoice": "large", "total": 200}]]
    assert [one.event for one in failed] == [[{"invoice": "huge", "total": 2_000_000}]] * 2


@pytest.fixture
def other_template(app):
    """An update of the pipe's input template; undone at the end."""
    app.edit("app.py", '{"invoice": <$.body.id>', '{"invoice": "<$.body.id> again"')
    app.deploy()
    yield
    app.edit("app.py", '{"invoice": "<$.body.id> again"', '{"invoice": <$.body.id>')
    app.deploy()


@pytest.mark.usefixtures("other_template")
def test_a_pipe_follows_an_update_of_its_template(app, send):
    mark = app.mark()
    send("invoices", json.dumps({"id": "late", "total": 300}))

    (seen,) = app.wait_for("pay", since=mark)

    assert seen.event == [{"invoice": "late again", "total": 300}]


def test_a_consumer_that_was_edited_gets_the_next_message(app, send):
    app.edit("functions/orders.py", 'record["body"] for', 'record["body"].upper() for')
    mark = app.mark()
    send("orders", "after the edit", MessageGroupId="b")

    (seen,) = app.wait_for("take", since=mark)

    assert seen.response == ["AFTER THE EDIT"]
