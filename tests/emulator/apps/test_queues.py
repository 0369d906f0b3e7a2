"""Queues: what a consumer is given, and what becomes of messages that it cannot handle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("apps-queues")


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
    mark = app.mark()
    send("jobs", "good", "bad", "fine")

    def dead_letters():
        received = app.aws("sqs").receive_message(QueueUrl=app.output("Failed"), WaitTimeSeconds=1)
        return received.get("Messages")

    (dead,) = wait_for(dead_letters, "the dead letter")
    seen = app.seen("work", since=mark)

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


def entry(kind, number):
    return json.dumps({"kind": kind, "n": number})


def test_messages_are_collected_for_the_window_and_others_are_thrown_away(app, send, wait_for):
    mark = app.mark()
    send("collected", entry("keep", 1), entry("other", 2))
    send("collected", entry("keep", 3))
    (seen,) = app.wait_for("collect", since=mark)

    def is_empty():
        queue = app.aws("sqs").get_queue_attributes(QueueUrl=app.output("Collected"), AttributeNames=["All"])
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        return all(queue["Attributes"][name] == "0" for name in names)

    wait_for(is_empty, "the message that no filter lets through to be gone")
    (mapping,) = app.aws("lambda").list_event_source_mappings(FunctionName=app.physical_name("collect"))[
        "EventSourceMappings"
    ]
    assert sorted(seen.response) == [1, 3]
    assert len(app.seen("collect", since=mark)) == 1
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}


def test_a_consumer_that_was_added_later_gets_messages_one_by_one(app, send):
    mark = app.mark()
    send("later", "one", "two")

    seen = app.wait_for("collect_later", count=2, since=mark)

    assert sorted(one.response for one in seen) == [["one"], ["two"]]
    assert seen[0].trigger.label == "queue later"


@pytest.fixture
def updated(app):
    """An update of every consumer's mapping; undone at the end."""
    changes = {
        'filters=[{"body": {"kind": ["keep"]}}]': 'filters=[{"body": {"kind": ["other"]}}]',
        'collect_later", batch_size=1': 'collect_later", batch_size=10',
        "partial_failures=True,": "partial_failures=True, batch_size=1,",
        'consumer="functions/orders.take"': 'consumer="functions/orders.take", batch_size=1',
    }
    with app.updated(changes) as mark:
        yield mark


@pytest.mark.usefixtures("updated")
def test_consumers_follow_an_update(app, send):
    mark = app.mark()
    send("collected", entry("keep", 4), entry("other", 5))
    send("jobs", "a", "b")
    send("orders", "c", "d", MessageGroupId="c")
    send("later", "e", "f")

    (seen,) = app.wait_for("collect", since=mark)
    works = app.wait_for("work", count=2, since=mark)
    takes = app.wait_for("take", count=2, since=mark)
    app.wait_for("collect_later", where=lambda one: "f" in one.response, since=mark)

    assert seen.response == [5]
    assert sorted(map(len, (one.event["Records"] for one in works))) == [1, 1]
    assert [text.lower() for text in bodies(takes)] == ["c", "d"]
    assert sorted(bodies(app.seen("collect_later", since=mark))) == ["e", "f"]
