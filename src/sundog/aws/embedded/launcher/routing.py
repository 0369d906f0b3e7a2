"""Which functions the session runs, and how an invocation gets there and back.

The contract with the session, one HTTP POST per invocation:

- request: the event as body; headers `X-Amzn-Lambda-Function-Name`, `-Function-Version`, `-Function-Arn`,
  `-Request-Id`, `-Deadline-Ms`, `X-Amzn-Trace-Id`, `X-Sundog-Token`, `X-Sundog-Client-Context` (base64).
- reply 200: the body is the result. `X-Amz-Function-Error` makes it an error. `X-Amz-Log-Result` (base64) is the whole
  log of the invocation, START to REPORT; `X-Sundog-Log-Stream` names its stream. `X-Sundog-Http-Stream` says that the
  result is an HTTP response which the handler streamed.
- reply 429: throttled.

The session keeps the function's timeout, because a debugger may stop that clock. The launcher steps in only when a
session that should have answered does not.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .connections import Answer, ConnectionBroken, ConnectionPool, DeadlinePassed, NotListening

GRACE_SECONDS = 5.0
"""How long after a function's timeout the session may still report it."""
ROUTE_WAIT_SECONDS = 20.0
"""How long an event waits for the session: after a start, events that were kept arrive before the session is there."""

CLIENT_CONTEXT: ContextVar[str | None] = ContextVar("client_context", default=None)
"""Base64, as the caller of Invoke sent it."""
REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
"""Of the event being delivered; the same when it is tried again."""
TRACE_ID: ContextVar[str | None] = ContextVar("trace_id", default=None)


@dataclass
class Session:
    """Where invocations go."""

    url: str
    token: str
    enforce_deadline: bool = True
    finds_functions: bool = False
    """Whether it takes events of functions that are not routed: it finds out itself which they are."""
    pool: ConnectionPool = field(init=False)

    def __post_init__(self) -> None:
        """Open a pool; nothing is contacted."""
        self.pool = ConnectionPool(self.url)


class Routes:
    """The functions of the session. The names outlive the session and the process: see `holds`."""

    def __init__(self, file: Path) -> None:
        """Read the names that an earlier process has written.

        Args:
            file: Where the names are kept.
        """
        self._file = file
        self._changed = threading.Condition()
        self._session: Session | None = None
        self._gone = False
        try:
            self._names = frozenset(json.loads(file.read_text()))
        except (FileNotFoundError, ValueError):
            self._names = frozenset()

    def set(self, names: frozenset[str], session: Session) -> None:
        """Send these functions' invocations to a session; replaces what was set before."""
        with self._changed:
            previous, self._session = self._session, session
            self._gone = False
            if names != self._names:
                self._names = names
                temporary = self._file.with_suffix(".new")
                temporary.write_text(json.dumps(sorted(names)))
                temporary.replace(self._file)
            self._changed.notify_all()
        if previous is not None:
            previous.pool.close()

    def clear(self) -> None:
        """Forget the session, not the names: their invocations fail and say so."""
        with self._changed:
            self._session = None
            self._gone = True
            self._changed.notify_all()

    def holds(self, name: str) -> bool:
        """Whether the session is to run a function; the emulator runs the others."""
        return name in self._names

    def session(self, name: str) -> Session | None:
        """Return the session that runs a function, waiting for it when it has not come yet; None when there is none."""
        with self._changed:
            self._changed.wait_for(lambda: self._gone or self._running(name), ROUTE_WAIT_SECONDS)
            return self._session if self._running(name) else None

    def _running(self, name: str) -> bool:
        session = self._session
        return session is not None and (session.finds_functions or name in self._names)


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation."""

    body: Any
    error: str | None = None
    """`Unhandled` or `Handled`."""
    throttled: bool = False
    log: str = ""
    log_stream: str | None = None
    raw: bool = False
    """Whether the body is text that is not JSON."""
    streamed: bool = False
    """Whether the body is an HTTP response that the handler streamed."""


def invoke(
    routes: Routes, config: dict[str, Any], event: Any, request_id: str, trace_id: str | None
) -> Outcome:
    """Have the session run a function.

    Args:
        routes: Tells where.
        config: The function's configuration as Lambda describes it.
        event: The event.
        request_id: Identifies the invocation.
        trace_id: The X-Ray header, when there is one.
    """
    session = routes.session(config.get("FunctionName", ""))
    if session is None:
        return _not_running(request_id)
    timeout = _timeout(config)
    headers = {
        "Content-Type": "application/json",
        "X-Amzn-Lambda-Function-Name": config.get("FunctionName", ""),
        "X-Amzn-Lambda-Function-Version": config.get("Version", "$LATEST"),
        "X-Amzn-Lambda-Function-Arn": config.get("FunctionArn", ""),
        "X-Amzn-Lambda-Request-Id": request_id,
        "X-Amzn-Lambda-Deadline-Ms": str(int((time.time() + timeout) * 1000)),
        "X-Amzn-Trace-Id": trace_id or TRACE_ID.get() or _new_trace_id(),
        "X-Sundog-Token": session.token,
    }
    client_context = CLIENT_CONTEXT.get()
    if client_context:
        headers["X-Sundog-Client-Context"] = client_context
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    deadline = time.monotonic() + timeout + GRACE_SECONDS if session.enforce_deadline else None
    try:
        answer = session.pool.post(headers, body, deadline)
    except NotListening:
        return _not_running(request_id)
    except ConnectionBroken:
        return _failed(
            "Runtime.ExitError",
            f"RequestId: {request_id} Error: the sundog session ended while it ran this invocation",
        )
    except DeadlinePassed:
        return _failed(
            "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"
        )
    return _outcome(answer, request_id)


def _timeout(config: dict[str, Any]) -> float:
    # A job's function says how long the session lets it run; Lambda's own setting ends at 15 minutes.
    variables = (config.get("Environment") or {}).get("Variables") or {}
    return float(variables.get("SUNDOG_TIMEOUT_SECONDS") or config.get("Timeout") or 3)


def _outcome(answer: Answer, request_id: str) -> Outcome:
    if answer.status == 429:
        return Outcome(body=None, throttled=True)
    if answer.status != 200:
        text = answer.body[:512].decode("utf-8", "replace")
        return _failed(
            "Runtime.ExitError",
            f"RequestId: {request_id} Error: the sundog session answered {answer.status}: {text}",
        )
    log = _decoded_log(answer.headers.get("x-amz-log-result", ""))
    common: dict[str, Any] = {
        "error": answer.headers.get("x-amz-function-error"),
        "log": log,
        "log_stream": answer.headers.get("x-sundog-log-stream"),
        "streamed": "x-sundog-http-stream" in answer.headers,
    }
    if not answer.body:
        return Outcome(body=None, **common)
    text = answer.body.decode("utf-8", "replace")
    try:
        return Outcome(body=json.loads(text), **common)
    except ValueError:
        return Outcome(body=text, raw=True, **common)


def _decoded_log(encoded: str) -> str:
    try:
        return base64.b64decode(encoded).decode("utf-8", "replace")
    except binascii.Error:
        return ""


def _not_running(request_id: str) -> Outcome:
    return _failed(
        "Runtime.ExitError",
        f"RequestId: {request_id} Error: no sundog session is running that could run this function;"
        " start one with `sundog dev`",
    )


def _failed(error_type: str, message: str) -> Outcome:
    return Outcome(body={"errorType": error_type, "errorMessage": message}, error="Unhandled")


def _new_trace_id() -> str:
    # Lambda hands every invocation a trace id; unsampled, because no tracing was asked for.
    return f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Parent={secrets.token_hex(8)};Sampled=0"
