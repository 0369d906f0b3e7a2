"""Streamed responses, put back together for callers that want a whole one.

A handler that streams to an HTTP client writes a JSON head, eight NUL bytes and the body. API Gateway and function URLs
want one JSON object.
"""

from __future__ import annotations

import base64
import json

HTTP_INTEGRATION = "application/vnd.awslambda.http-integration-response"
SEPARATOR = b"\0" * 8


def is_http_stream(content_type: str) -> bool:
    """Tell whether a response is a head and a body, as a handler that streams to an HTTP client writes it."""
    return content_type.partition(";")[0].strip() == HTTP_INTEGRATION


def plain_payload(body: bytes, content_type: str) -> bytes:
    """Return a response as a caller of the Invoke API gets it."""
    if not is_http_stream(content_type):
        return body
    head, separator, content = body.partition(SEPARATOR)
    try:
        answer = json.loads(head) if separator else {"statusCode": 200}
    except ValueError:
        return body
    if not separator:
        content = body
    try:
        text, is_base64 = content.decode("utf-8"), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(content).decode("ascii"), True
    return json.dumps({**answer, "body": text, "isBase64Encoded": is_base64}).encode()
