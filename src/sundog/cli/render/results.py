"""What `invoke` and `replay` show: the result on stdout, logs and errors on stderr."""

from __future__ import annotations

import json

import msgspec

from sundog.cli.errors import FunctionFailed
from sundog.cli.render.json_lines import json_value
from sundog.cli.render.output import Output
from sundog.errors import HandlerError
from sundog.model.functions import InvocationResult
from sundog.model.manifest import FunctionEntry

_PLATFORM_LINES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")
"""What Lambda writes around a function's own lines; shown with `-v`."""


class _LambdaError(msgspec.Struct, rename="camel"):
    error_type: str = "Error"
    error_message: str | None = None
    stack_trace: list[object] = []
    trace: list[object] = []
    """Node's name for the stack."""


def show_result(
    output: Output, function: FunctionEntry, result: InvocationResult, *, asynchronous: bool
) -> None:
    """Show a result.

    Raises:
        FunctionFailed: The function failed; its result, the error as JSON, has been written to stdout.
    """
    log = result.log_tail.decode("utf-8", "replace")
    for text in log.splitlines():
        if output.verbosity or not text.startswith(_PLATFORM_LINES):
            output.talk(("│ ", "dim"), text)
    if result.throttled:
        raise FunctionFailed(
            f"`{function.name}` is throttled",
            why="as many invocations as its concurrency allows are running",
            fix="wait for one to end, or raise the function's reserved concurrency",
        )
    if output.as_json:
        output.json(
            {
                "type": "InvocationResult",
                "function": function.id,
                "function_error": result.function_error,
                "payload": json_value(result.payload),
            }
        )
    elif asynchronous:
        output.talk(("✓ ", "green"), f"queued for {function.name}")
    else:
        output.data(_pretty(result.payload))
    if result.function_error is not None:
        raise _failure(function, result.payload, log)


def _pretty(payload: bytes) -> str:
    text = payload.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        # A streamed response is whatever the handler wrote.
        return text


def _failure(function: FunctionEntry, payload: bytes, log: str) -> HandlerError:
    try:
        error = msgspec.json.decode(payload, type=_LambdaError)
    except msgspec.MsgspecError:
        error = _LambdaError(error_message=payload.decode("utf-8", "replace"))
    message = f": {error.error_message}" if error.error_message else ""
    frames = [] if f"[ERROR] {error.error_type}" in log else error.stack_trace or error.trace
    return FunctionFailed(
        f"`{function.name}` failed with {error.error_type}{message}",
        where=function.handler,
        details=[text for frame in frames for text in str(frame).rstrip("\n").splitlines()],
    )
