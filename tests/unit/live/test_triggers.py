from __future__ import annotations

import json
from typing import Any

import pytest

from sundog.live.triggers import trigger_of
from sundog.model.manifest import Trigger

LIST = Trigger(kind="http", label="GET /notes", resource="backend/api")
CREATE = Trigger(kind="http", label="POST /notes", resource="backend/api")
URL = Trigger(kind="url", label="function URL", resource="backend/f")
REMINDERS = Trigger(kind="queue", label="queue reminders", resource="backend/reminders")
ORDERS = Trigger(kind="queue", label="queue orders", resource="backend/orders")
DIGEST = Trigger(kind="cron", label="cron digest", resource="backend/digest")
WEEKLY = Trigger(kind="cron", label="cron weekly", resource="backend/weekly", detail={"input": {"week": 1}})
TABLE = Trigger(kind="dynamo", label="dynamo events")
SIGN_UP = Trigger(
    kind="cognito",
    label="cognito users pre_sign_up",
    resource="backend/users",
    detail={"sources": ["PreSignUp_"]},
)
CONFIRMED = Trigger(
    kind="cognito",
    label="cognito users post_confirmation",
    resource="backend/users",
    detail={"sources": ["PostConfirmation_"]},
)
ALL = (LIST, CREATE, URL, REMINDERS, ORDERS, DIGEST, WEEKLY, TABLE, SIGN_UP, CONFIRMED)


def http(route: str, domain: str = "abc.execute-api.eu-west-1.amazonaws.com") -> dict[str, Any]:
    method, _, path = route.partition(" ")
    context = {"domainName": domain, "routeKey": route, "http": {"method": method, "path": path}}
    return {"version": "2.0", "routeKey": route, "rawPath": path, "requestContext": context}


def message(queue: str) -> dict[str, Any]:
    arn = f"arn:aws:sqs:eu-west-1:000000000000:{queue}"
    return {"Records": [{"messageId": "1", "body": "b", "eventSource": "aws:sqs", "eventSourceARN": arn}]}


SCHEDULED = {
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "resources": ["arn:aws:events:eu-west-1:000000000000:rule/local-notes-backend-digestRule8C1-1"],
    "detail": {},
}


@pytest.mark.parametrize(
    ("event", "sender"),
    [
        (http("GET /notes"), LIST),
        (http("POST /notes"), CREATE),
        (http("$default", "x.lambda-url.eu-west-1.on.aws"), URL),
        ({"httpMethod": "POST", "resource": "/notes", "requestContext": {"stage": "dev"}}, CREATE),
        (message("local-notes-backend-remindersQueue0A1B2C"), REMINDERS),
        (message("local-notes-backend-ordersQueue0A1B2C"), ORDERS),
        (SCHEDULED, DIGEST),
        ({"week": 1}, WEEKLY),
        ({"Records": [{"eventSource": "aws:dynamodb", "eventSourceARN": "arn:…:table/t/stream/1"}]}, TABLE),
        ({"triggerSource": "PreSignUp_SignUp", "userPoolId": "eu-west-1_a", "request": {}}, SIGN_UP),
        ({"triggerSource": "PostConfirmation_ConfirmSignUp", "userPoolId": "eu-west-1_a"}, CONFIRMED),
    ],
)
def test_the_sender_is_told_from_the_shape_of_its_event(event: object, sender: Trigger) -> None:
    assert trigger_of(ALL, json.dumps(event).encode()) == sender


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"week": 2},
        [],
        "text",
        None,
        {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "b"}}}]},
        {"Records": "none"},
        {"requestContext": "none", "type": "REQUEST", "methodArn": "arn"},
    ],
)
def test_what_no_trigger_sends_was_sent_by_hand(event: object) -> None:
    assert trigger_of(ALL, json.dumps(event).encode()) is None


def test_a_route_for_any_method_and_a_field_of_a_schema_are_found() -> None:
    files = Trigger(kind="http", label="ANY /files/{proxy+}")
    field = Trigger(kind="graphql", label="Query note")
    request = {"httpMethod": "PUT", "resource": "/files/{proxy+}", "requestContext": {}}
    resolved = {"info": {"parentTypeName": "Query", "fieldName": "note"}, "arguments": {}}

    assert trigger_of((LIST, files), json.dumps(request).encode()) == files
    assert (
        trigger_of((Trigger(kind="graphql", label="Query notes"), field), json.dumps(resolved).encode())
        == field
    )


def test_a_payload_that_is_no_json_was_sent_by_hand() -> None:
    assert trigger_of(ALL, b"{half") is None


def test_an_unknown_queue_counts_as_the_first_and_a_function_without_triggers_has_none() -> None:
    assert trigger_of((ORDERS, REMINDERS), json.dumps(message("imported")).encode()) == ORDERS
    assert trigger_of((), json.dumps(message("imported")).encode()) is None


def test_records_in_a_mere_list_come_through_the_pipe_that_reads_their_source() -> None:
    orders, returns = (
        Trigger(
            kind="pipe", label=f"pipe {name}", resource=f"backend/{name}", detail={"source": f"{name}Queue1A"}
        )
        for name in ("orders", "returns")
    )
    records = message("local-notes-backend-returnsQueue1A-B2C")["Records"]

    assert trigger_of((ORDERS, orders, returns), json.dumps(records).encode()) == returns
    assert trigger_of((ORDERS, orders), b'[{"total": 3}]') == orders
    assert trigger_of((ORDERS, orders), json.dumps(message("orders")).encode()) == ORDERS


def test_of_two_rules_the_one_whose_pattern_has_the_event():
    event = json.dumps(
        {"source": "shop", "detail-type": "order.placed", "detail": {}, "resources": []}
    ).encode()
    cancelled, placed = (
        Trigger(kind="bus", label=f"bus shop/{name}", detail={"pattern": {"detail-type": [f"order.{name}"]}})
        for name in ("cancelled", "placed")
    )

    assert trigger_of([cancelled, placed], event) is placed
