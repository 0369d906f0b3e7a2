"""The Runtime API's states, without any I/O.

One machine is one execution environment::

    starting --next--> idle --invoke--> running --response/error--> answered --next--> idle
        |
        +--init/error--> failed

An invocation ends when the runtime asks for the next one; until then the environment is busy, although its caller has
the answer already. The machine answers requests (`Reply`), or says that they must wait (None), and returns what
happened as facts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sundog.live.http import Request, Response

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
MAX_RESPONSE_BYTES = MAX_PAYLOAD_BYTES + 100
MAX_STREAMED_BYTES = 200 * 1024 * 1024
ERROR_TYPE_HEADER = "lambda-runtime-function-error-type"
ERROR_BODY_TRAILER = "lambda-runtime-function-error-body"
MODE_HEADER = "lambda-runtime-function-response-mode"
STREAMING = "streaming"

State: TypeAlias = Literal["starting", "idle", "running", "answered", "failed"]


@dataclass(frozen=True, kw_only=True)
class Ready:
    """The runtime has initialised and asks for its first event."""


@dataclass(frozen=True, kw_only=True)
class Free:
    """The runtime has finished with an invocation and asks for the next."""


@dataclass(frozen=True, kw_only=True)
class InitFailed:
    """The runtime could not initialise."""

    body: bytes
    error_type: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The runtime handed in a result or an error."""

    request_id: str
    body: bytes
    content_type: str = "application/json"
    error_type: str | None = None
    """None for a result."""
    size_bytes: int = 0


Fact: TypeAlias = Ready | Free | InitFailed | Answered


def response_limit(headers: dict[str, str]) -> int:
    """Return the largest body of a request with these headers."""
    return MAX_STREAMED_BYTES if headers.get(MODE_HEADER) == STREAMING else MAX_RESPONSE_BYTES


class RuntimeMachine:
    """Follows one runtime."""

    def __init__(self) -> None:
        self.state: State = "starting"
        self.request_id: str | None = None

    def next_asked(self) -> Ready | Free | None:
        """Note that the runtime asks for an event; return what that tells."""
        before, self.state = self.state, "idle"
        self.request_id = None
        if before == "starting":
            return Ready()
        return Free() if before in {"answered", "running"} else None

    def invoke(self, request_id: str) -> None:
        """Note that the waiting runtime is given an event."""
        assert self.state == "idle"  # noqa: S101 - the order of states, not of input
        self.state = "running"
        self.request_id = request_id

    def abandoned(self) -> None:
        """Note that the runtime's connection broke before the event could be given."""
        self.state = "idle"
        self.request_id = None

    def answer(self, request: Request, request_id: str, *, is_error: bool) -> tuple[Response, Fact | None]:
        """Take a result or an error."""
        if self.request_id is None or self.state not in {"running", "answered"}:
            return refusal(
                403, "InvalidStateTransition", "Transition from Ready to Response is not allowed"
            ), None
        if request_id != self.request_id:
            return refusal(400, "InvalidRequestID", "Invalid request ID"), None
        if self.state == "answered":
            return refusal(
                403, "InvalidStateTransition", "Transition from Response to Response is not allowed"
            ), None
        mode = request.headers.get(MODE_HEADER)
        if mode is not None and (mode != STREAMING or is_error):
            return refusal(400, "InvalidFunctionResponseMode", f"`{mode}` is not a response mode"), None
        self.state = "answered"
        if request.body_too_large:
            return self._too_large(request, request_id)
        return ACCEPTED, _answered(request, request_id, is_error=is_error)

    def init_failed(self, request: Request) -> tuple[Response, Fact | None]:
        """Take the error of an initialisation."""
        if self.state != "starting":
            return refusal(403, "InvalidStateTransition", "Transition to InitError is not allowed"), None
        self.state = "failed"
        error_type = request.headers.get(ERROR_TYPE_HEADER, "Runtime.Unknown")
        return ACCEPTED, InitFailed(body=request.body, error_type=error_type)

    def _too_large(self, request: Request, request_id: str) -> tuple[Response, Fact]:
        size = request.headers.get("content-length", "")
        shown = f" ({size} bytes)" if size else ""
        message = f"Response payload size{shown} exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
        error_type = "Function.ResponseSizeTooLarge"
        body = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
        return (
            refusal(413, "RequestEntityTooLarge", message),
            Answered(request_id=request_id, body=body, error_type=error_type),
        )


def _answered(request: Request, request_id: str, *, is_error: bool) -> Answered:
    content_type = request.headers.get("content-type", "application/json")
    trailer = request.trailers.get(ERROR_TYPE_HEADER)
    if trailer is not None:
        return Answered(
            request_id=request_id,
            body=_trailer_body(request.trailers.get(ERROR_BODY_TRAILER, "")),
            error_type=trailer,
        )
    if is_error:
        return Answered(
            request_id=request_id,
            body=request.body,
            error_type=request.headers.get(ERROR_TYPE_HEADER, "Runtime.Unknown"),
        )
    return Answered(
        request_id=request_id, body=request.body, content_type=content_type, size_bytes=len(request.body)
    )


def _trailer_body(encoded: str) -> bytes:
    import base64
    import binascii

    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return encoded.encode()


def refusal(status: int, error_type: str, message: str) -> Response:
    """Return an error in the Runtime API's own shape."""
    body = json.dumps({"errorMessage": message, "errorType": error_type}).encode()
    return Response(status=status, body=body, headers=JSON)


JSON = (("Content-Type", "application/json"),)
ACCEPTED = Response(status=202, body=b'{"status":"OK"}\n', headers=JSON)
