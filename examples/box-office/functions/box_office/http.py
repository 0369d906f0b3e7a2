"""HTTP for handlers behind an API: JSON in, JSON out, what the caller did wrong as an answer of 4xx."""

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from functools import wraps
from typing import Any

Event = dict[str, Any]
Response = dict[str, Any]


class Problem(Exception):
    """The caller did something wrong: the handler stops and answers with this status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answer(status: int, body: Any) -> Response:
    content = json.dumps(body, default=_plain)
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": content}


def http(handler: Callable[[Event], Response]) -> Callable[[Event, Any], Response]:
    """Make a Lambda handler of a function that takes the event and may raise Problem."""

    @wraps(handler)
    def handle(event: Event, context: Any) -> Response:
        try:
            return handler(event)
        except Problem as problem:
            return answer(problem.status, {"error": str(problem)})

    return handle


def text_body(event: Event) -> str:
    text = event.get("body") or ""
    return base64.b64decode(text).decode() if event.get("isBase64Encoded") else text


def json_body(event: Event) -> dict[str, Any]:
    try:
        body = json.loads(text_body(event))
    except ValueError:
        raise Problem(400, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body is not a JSON object")
    return body


def claims(event: Event) -> dict[str, str]:
    """Return what Cognito says about the caller; API Gateway has checked the token."""
    return event["requestContext"]["authorizer"]["jwt"]["claims"]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):  # what DynamoDB makes of numbers
        return int(value)
    raise TypeError(f"{type(value).__name__} is not for JSON")
