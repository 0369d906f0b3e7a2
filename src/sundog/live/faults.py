"""Errors that the platform reports about an invocation, in Lambda's words and shapes."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sundog.model.events import FunctionError
from sundog.model.manifest import SourcePlace

# Go's names, because Lambda's supervisor is written in Go and these words reach the caller.
SIGNAL_NAMES = {
    "SIGHUP": "hangup",
    "SIGINT": "interrupt",
    "SIGQUIT": "quit",
    "SIGILL": "illegal instruction",
    "SIGTRAP": "trace/breakpoint trap",
    "SIGABRT": "aborted",
    "SIGBUS": "bus error",
    "SIGFPE": "floating point exception",
    "SIGKILL": "killed",
    "SIGUSR1": "user defined signal 1",
    "SIGSEGV": "segmentation fault",
    "SIGUSR2": "user defined signal 2",
    "SIGPIPE": "broken pipe",
    "SIGALRM": "alarm clock",
    "SIGTERM": "terminated",
}
PYTHON_FRAME = re.compile(r'File "(?P<file>[^"]+)",? [Ll]ine (?P<line>\d+)')
NODE_FRAME = re.compile(r"(?:\(|at )(?:file://)?(?P<file>/[^():]+):(?P<line>\d+):\d+\)?")


def error_body(error_type: str, message: str) -> bytes:
    """Return an error that the platform made."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def error_with_trace(error_type: str, message: str, trace: Sequence[str]) -> bytes:
    """Return an error that has frames to show."""
    return json.dumps({"errorType": error_type, "errorMessage": message, "stackTrace": list(trace)}).encode()


def throttled_body() -> bytes:
    """Return what the Invoke API says when a function's concurrency is used up."""
    return json.dumps(
        {
            "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
            "Type": "User",
            "message": "Rate Exceeded.",
        }
    ).encode()


def exit_reason(status: int) -> str:
    """Return how a process ended, as Lambda says it.

    Example:
        >>> exit_reason(-9)
        'Runtime exited with error: signal: killed'
    """
    if status == 0:
        return "Runtime exited without providing a reason"
    if status > 0:
        return f"Runtime exited with error: exit status {status}"
    name = signal.Signals(-status).name if -status in set(signal.Signals) else ""
    return f"Runtime exited with error: signal: {SIGNAL_NAMES.get(name, f'signal {-status}')}"


def exit_error(request_id: str, status: int, *, out_of_memory: bool = False) -> bytes:
    """Return what a caller gets when the process ended under its invocation."""
    error_type = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
    return error_body(error_type, f"RequestId: {request_id} Error: {exit_reason(status)}")


def timeout_error(request_id: str, seconds: float) -> bytes:
    """Return what a caller gets when the time is over."""
    return error_body(
        "Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds"
    )


def request_too_large(limit: int) -> bytes:
    """Return what a caller gets whose event is too large."""
    return error_body(
        "RequestTooLarge", f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    )


def function_error(body: bytes, root: Path) -> FunctionError:
    """Read an error object of any runtime.

    Args:
        body: JSON with `errorType`, `errorMessage` and `stackTrace` (Python, .NET, Go) or `trace` (Node).
        root: The project; the innermost frame in it becomes the error's place.
    """
    try:
        value: Any = json.loads(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        return FunctionError(error_type="Runtime.Unknown", message=body.decode("utf-8", "replace"))
    frames = _frames(value)
    return FunctionError(
        error_type=str(value.get("errorType", "Runtime.Unknown")),
        message=str(value.get("errorMessage", "")),
        frames=frames,
        place=_place(frames, root),
    )


def _frames(value: dict[str, Any]) -> list[str]:
    found = value.get("stackTrace") or value.get("trace") or []
    if not isinstance(found, list):
        return []
    return [frame if isinstance(frame, str) else json.dumps(frame) for frame in found]


def _place(frames: Sequence[str], root: Path) -> SourcePlace | None:
    # Python prints the innermost frame last, Node first.
    is_node = any(frame.lstrip().startswith("at ") for frame in frames)
    for frame in frames if is_node else reversed(frames):
        match = (NODE_FRAME if is_node else PYTHON_FRAME).search(frame)
        if match is None:
            continue
        file = Path(match["file"])
        outside = {"site-packages", "dist-packages", "node_modules", ".sundog"}
        if file.is_relative_to(root) and not outside.intersection(file.relative_to(root).parts):
            return SourcePlace(file=file.relative_to(root).as_posix(), line=int(match["line"]))
    return None
