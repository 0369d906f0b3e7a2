"""A WebSocket API: who may connect, where messages go, and how functions send to connections."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus

from sundog.testing.names import UnknownPart

pytestmark = pytest.mark.xdist_group("apps-chat")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "chat") as running:
        yield running


@pytest.fixture
def join(app):
    """Open connections that are closed with the test."""
    with contextlib.ExitStack() as opened:

        def open_one(token="ada", **query):
            return opened.enter_context(app.connect(query={**({"token": token} if token else {}), **query}))

        yield open_one


def say(connection, **message):
    connection.send(json.dumps(message))


def heard(connection):
    return json.loads(connection.recv(timeout=30))


def refusal(join, query):
    with pytest.raises(InvalidStatus) as refused:
        join(**query)
    return refused.value.response.status_code


def test_a_message_reaches_every_connection(app, join):
    ada, bob = join("ada"), join("bob")
    mark = app.mark()
    say(ada, action="say", text="hello")

    assert (heard(ada), heard(bob)) == ({"said": "hello"}, {"said": "hello"})
    (seen,) = app.wait_for("say", since=mark)
    context = seen.event["requestContext"]
    assert (context["eventType"], context["routeKey"]) == ("MESSAGE", "say")
    assert json.loads(seen.event["body"]) == {"action": "say", "text": "hello"}
    assert seen.trigger.label == "chat say"


def test_its_address_is_that_of_the_output(app):
    assert app.url("chat") == app.output("ChatUrl")
    assert app.url("chat").startswith("ws://127.0.0.1:")


def test_a_request_in_place_of_a_connection_is_refused(app):
    with pytest.raises(UnknownPart) as refused:
        app.request("GET", "/")

    assert refused.value.what == "the WebSocketApi `chat` takes no requests"
    assert refused.value.fixes == ('connect to it: `connect("chat")`',)


def test_what_a_function_returns_is_sent_by_routes_with_a_response_only(app, join):
    ada = join()
    mark = app.mark()
    say(ada, action="say", text="first")
    say(ada, action="time")

    assert heard(ada) == {"said": "first"}
    assert "epoch" in heard(ada)
    assert len(app.wait_for("say", since=mark)) == 1


def test_a_message_without_a_route_goes_to_the_default(join):
    ada = join()
    ada.send("no JSON at all")

    assert heard(ada) == {"other": "no JSON at all"}


def test_the_error_of_a_function_is_not_shown(join):
    ada = join()
    say(ada, action="fail")
    answer = heard(ada)

    assert answer["message"] == "Internal server error"
    assert sorted(answer) == ["connectionId", "message", "requestId"]


@pytest.mark.parametrize(
    ("query", "status"), [({"token": None}, 401), ({"token": "stranger"}, 403), ({"room": "full"}, 409)]
)
def test_a_connection_is_refused(join, query, status):
    assert refusal(join, query) == status


def test_the_end_of_a_connection_is_seen(app, join):
    ada = join()
    mark = app.mark()
    ada.close()
    (seen,) = app.wait_for("disconnect", since=mark)

    assert seen.event["requestContext"]["eventType"] == "DISCONNECT"
    # As in AWS, the default route is for messages alone.
    assert app.seen("other", since=mark) == []


def test_an_edited_function_answers_the_next_message_of_an_open_connection(app, join):
    ada = join()
    say(ada, action="version")
    before = heard(ada)
    app.edit("functions/chat.py", '"version 1"', '"version 2"')
    say(ada, action="version")

    assert (before, heard(ada)) == ("version 1", "version 2")


def test_a_route_that_is_added_later_gets_messages(app, join):
    app.edit(
        "app.py",
        '"fail": "functions/chat.fail",',
        '"fail": "functions/chat.fail", "again": "functions/chat.time",',
    )
    app.deploy()
    ada = join()
    mark = app.mark()
    say(ada, action="again")

    (seen,) = app.wait_for("time", since=mark)
    assert seen.event["requestContext"]["routeKey"] == "again"


def test_a_function_that_the_api_is_bound_to_reaches_every_connection(app, join):
    ada = join("?token=ada")

    assert app.invoke("announce", {"text": "closing time"}) == 200
    assert heard(ada) == {"said": "closing time"}
