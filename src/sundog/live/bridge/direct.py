"""The direct transport: the embedded cloud posts each event to the session over loopback and waits for the answer.

The address is known to the embedded cloud's launcher only, and every request must carry the session's token.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping

from sundog.errors import BusyError, LiveError
from sundog.live.http import HttpServer, Request, Response
from sundog.model.functions import Invocation, InvocationResult

TOKEN_HEADER = "x-sundog-token"  # noqa: S105 - the name of the header, not a secret
PATH = "/invoke"
MAX_EVENT_BYTES = 32 * 1024 * 1024
JSON = ("Content-Type", "application/json")

Invoke = Callable[[Invocation], Awaitable[InvocationResult]]


class DirectPortTaken(BusyError):
    """The loopback port on which the session takes events from the embedded cloud is in use."""

    code = "SD-LIVE-003"


class DirectBridge:
    """Listens for events on loopback."""

    def __init__(self, invoke: Invoke, token: str) -> None:
        """Take what runs an event and the shared secret."""
        self._invoke = invoke
        self._token = token
        self._http = HttpServer(self._answer, limit=lambda _: MAX_EVENT_BYTES)

    @property
    def url(self) -> str:
        """Where to post events."""
        return f"http://{self._http.address}{PATH}"

    async def start(self, port: int = 0) -> None:
        """Begin to listen.

        Raises:
            DirectPortTaken: The port cannot be had.
        """
        try:
            await self._http.start(port)
        except OSError as error:
            raise DirectPortTaken(
                f"port `{port}` of this machine cannot be listened on",
                why=error.strerror,
                fix="end the program that holds it, or let sundog choose a port",
            ) from error

    def close(self) -> None:
        """Stop."""
        self._http.close()

    async def _answer(self, request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), self._token.encode()):
            return _problem(403, "the token is missing or wrong")
        if request.method != "POST" or request.path.partition("?")[0] != PATH:
            return _problem(404, f"only POST {PATH} is served here")
        try:
            invocation = invocation_of(request)
        except ValueError as error:
            return _problem(400, str(error))
        try:
            result = await self._invoke(invocation)
        except LiveError as error:
            return Response(
                status=200,
                body=json.dumps({"errorType": "Sundog.LiveError", "errorMessage": error.what}).encode(),
                headers=(JSON, ("X-Amz-Function-Error", "Unhandled")),
            )
        return response_of(result)


def invocation_of(request: Request) -> Invocation:
    """Read an event from a request of the embedded cloud.

    Raises:
        ValueError: A header is missing or malformed.
    """
    headers = request.headers
    name = headers.get("x-amzn-lambda-function-name")
    if not name:
        raise ValueError("X-Amzn-Lambda-Function-Name is missing")
    return Invocation(
        function_arn=headers.get("x-amzn-lambda-function-arn", name),
        physical_name=name,
        request_id=headers.get("x-amzn-lambda-request-id") or str(uuid.uuid4()),
        payload=request.body or b"null",
        deadline=_deadline(headers),
        trace_id=headers.get("x-amzn-trace-id"),
        client_context=_decoded(headers.get("x-sundog-client-context")),
    )


def response_of(result: InvocationResult) -> Response:
    """Return a result as the embedded cloud reads it."""
    headers = [JSON]
    if result.function_error is not None:
        headers.append(("X-Amz-Function-Error", result.function_error))
    if result.log_tail:
        headers.append(("X-Amz-Log-Result", base64.b64encode(result.log_tail).decode("ascii")))
    if result.streamed:
        headers.append(("X-Sundog-Http-Stream", "1"))
    return Response(status=429 if result.throttled else 200, body=result.payload, headers=tuple(headers))


def _deadline(headers: Mapping[str, str]) -> float:
    text = headers.get("x-amzn-lambda-deadline-ms")
    if not text:
        return time.time()
    try:
        return int(text) / 1000
    except ValueError:
        raise ValueError(f"X-Amzn-Lambda-Deadline-Ms is not a number: `{text}`") from None


def _decoded(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("X-Sundog-Client-Context is not base64 of UTF-8") from None


def _problem(status: int, text: str) -> Response:
    return Response(status=status, body=json.dumps({"message": text}).encode(), headers=(JSON,))
