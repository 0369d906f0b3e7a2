"""Puts the session in the place of the emulator's own executors, for the functions that are routed.

`_execute_function_dispatch` is the one place through which every event source's invocation passes.
"""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

from .after_import import Hook
from .function_logs import write_log
from .guard import Application, Message, Receive, Scope, Send
from .routing import CLIENT_CONTEXT, REQUEST_ID, Outcome, Routes, invoke

PLACEHOLDER = ["README.txt"]
"""All that is in the code of a function that was synthesized for `sundog dev`."""
MODULE = "ministack.services.lambda_svc"


def execution_hook(routes: Routes, touched: Callable[[], None]) -> Hook:
    """Return the hook that connects the emulator's Lambda service with the routes.

    Args:
        routes: Tells where the session is.
        touched: Called after each invocation: its log, at least, has changed the state.
    """

    def connect(lambda_service: Any) -> None:
        _connect(lambda_service, routes, touched)

    return connect


def is_placeholder(func: dict[str, Any]) -> bool:
    """Whether a function's code only stands for sources that the session runs; it must never be run itself."""
    code = func.get("code_zip")
    if not isinstance(code, bytes):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            return archive.namelist() == PLACEHOLDER
    except zipfile.BadZipFile:
        return False


def _connect(lambda_service: Any, routes: Routes, touched: Callable[[], None]) -> None:
    original_dispatch = lambda_service._execute_function_dispatch
    original_async = lambda_service.invoke_async_with_retry
    trace_id_for = lambda_service._xray_trace_id_for_invocation

    def dispatch(
        func: dict[str, Any], config: dict[str, Any], event: Any, request_id: str, started: float
    ) -> Any:
        if not (routes.holds(config.get("FunctionName", "")) or is_placeholder(func)):
            return original_dispatch(func, config, event, request_id, started)
        request_id = REQUEST_ID.get() or request_id
        outcome = invoke(routes, config, event, request_id, trace_id_for(config))
        touched()
        write_log(config, outcome, request_id, time.time() - started)
        return _as_emulator_result(outcome, lambda_service)

    def invoke_async(func: dict[str, Any], event: Any) -> None:
        # Lambda tries an event again under the request id it had.
        identity = REQUEST_ID.set(REQUEST_ID.get() or lambda_service.new_uuid())
        try:
            original_async(func, event)
        finally:
            REQUEST_ID.reset(identity)

    lambda_service._execute_function_dispatch = dispatch
    lambda_service.invoke_async_with_retry = invoke_async


def _as_emulator_result(outcome: Outcome, lambda_service: Any) -> dict[str, Any]:
    if outcome.throttled:
        result: dict[str, Any] = lambda_service._throttle_response(
            reason_code="ConcurrentInvocationLimitExceeded", msg="Rate Exceeded."
        )
        return result
    result = {"body": outcome.body, "log": outcome.log}
    if outcome.raw:
        result["raw_payload"] = True
    if outcome.streamed:
        result["sundog_http_stream"] = True
    if outcome.error:
        result.update(error=True, function_error=outcome.error)
    return result


class InvokeRequests:
    """An ASGI application around the emulator that gives calls of Lambda's Invoke API what they lack.

    The caller's request id becomes the one that the handler sees and that its log carries, and the client context gets
    through to the handler.
    """

    def __init__(self, application: Application) -> None:
        """Wrap the emulator."""
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not scope["path"].endswith("/invocations"):
            await self._application(scope, receive, send)
            return
        request_id = str(uuid.uuid4())
        # A request has a task of its own, and so has what is set here.
        REQUEST_ID.set(request_id)
        for name, value in scope["headers"]:
            if name.lower() == b"x-amz-client-context":
                CLIENT_CONTEXT.set(value.decode("latin-1"))

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0].lower() != b"x-amzn-requestid"]
                message = {**message, "headers": [*kept, (b"x-amzn-requestid", request_id.encode())]}
            await send(message)

        await self._application(scope, receive, send_with_id)
