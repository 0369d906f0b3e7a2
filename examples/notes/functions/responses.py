"""HTTP for handlers behind an API: JSON in, JSON out, problems as 4xx answers."""

import base64
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from functions.identifiers import is_identifier

Event = dict[str, Any]
Response = dict[str, Any]

ANONYMOUS = "demo"


class Problem(Exception):
    """The caller did something wrong; the handler stops and answers with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(status: int, body: Any = None) -> Response:
    if body is None:
        return {"statusCode": status}
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def http(handler: Callable[[Event], Response]) -> Callable[[Event, Any], Response]:
    """Make a Lambda handler of a function that takes the event and may raise Problem."""

    @wraps(handler)
    def handle(event: Event, context: Any) -> Response:
        try:
            return handler(event)
        except Problem as problem:
            return answer(problem.status, {"error": str(problem)})

    return handle


def json_body(event: Event) -> dict[str, Any]:
    text = event.get("body") or ""
    if event.get("isBase64Encoded"):
        text = base64.b64decode(text)
    try:
        body = json.loads(text)
    except ValueError:
        raise Problem(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body is not a JSON object")
    return body


def user_of(event: Event) -> str:
    """Who calls. A real app would put an authorizer before the API and read its claims here."""
    return event.get("headers", {}).get("x-user-id", ANONYMOUS)


def note_id_of(event: Event) -> str:
    note_id = event["pathParameters"]["noteId"]
    if not is_identifier(note_id):
        raise Problem(404, "there is no such note")
    return note_id


def query_parameter(event: Event, name: str) -> str | None:
    return (event.get("queryStringParameters") or {}).get(name)
