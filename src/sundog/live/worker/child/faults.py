"""Errors in the shapes and words of AWS's Python runtime."""

from __future__ import annotations

import json
import os
import sys
import traceback
from types import TracebackType
from typing import Any

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
IMPORT_MACHINERY = ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap_external>")
INDENT = "\u00a0"  # NO-BREAK SPACE, which Lambda writes so that CloudWatch keeps the indentation


class Fault(Exception):
    """An error that the runtime itself finds."""

    def __init__(self, error_type: str, message: str, trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.message = message
        self.trace = trace


def described(error: BaseException, request_id: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an error's JSON object and its X-Ray cause."""
    if isinstance(error, Fault):
        return (
            error_object(error.error_type, error.message, error.trace, request_id),
            xray_cause("LambdaValidationError", error.message, []),
        )
    entries = user_frames(error.__traceback__)
    name = type(error).__name__
    formatted = traceback.format_list(entries)
    return error_object(name, str(error), formatted, request_id), xray_cause(name, str(error), entries)


def error_object(
    error_type: str, message: str, trace: list[str] | None, request_id: str | None
) -> dict[str, Any]:
    """Return the JSON object that a caller gets."""
    return {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": request_id or "",
        "stackTrace": trace or [],
    }


def user_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """Return the frames below the runtime's own, the import machinery removed from their start."""
    entries = list(traceback.extract_tb(trace))
    while entries and (entries[0].filename.startswith(OWN_FOLDER) or entries[0].filename in IMPORT_MACHINERY):
        entries.pop(0)
    return [
        entry
        for entry in entries
        if not entry.filename.startswith(OWN_FOLDER) and entry.filename not in IMPORT_MACHINERY
    ]


def xray_cause(name: str, message: str, entries: list[traceback.FrameSummary]) -> dict[str, Any]:
    """Return the cause in the form of X-Ray."""
    stack = [{"label": entry.name, "path": entry.filename, "line": entry.lineno} for entry in entries]
    return {
        "working_directory": os.getcwd(),
        "exceptions": [{"message": message, "type": name, "stack": stack}],
        "paths": sorted({entry.filename for entry in entries}),
    }


def logged(error: dict[str, Any]) -> str:
    """Return the error as Lambda writes it to the function's log: one event, lines parted by carriage returns."""
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        return json.dumps({"level": "ERROR", **error}, ensure_ascii=False) + "\n"
    title = "[ERROR]"
    if error["errorType"]:
        title += " " + error["errorType"] + (":" if error["errorMessage"] else "")
    if error["errorMessage"]:
        title += " " + error["errorMessage"].replace("\n", "\r")
    lines = [title, "Traceback (most recent call last):"]
    for element in error["stackTrace"]:
        for line in element.splitlines():
            stripped = line.lstrip(" ")
            lines.append(INDENT * (len(line) - len(stripped)) + stripped)
    return "\r".join(lines) + "\n"


def write_log(error: dict[str, Any]) -> None:
    """Write the error to the function's log."""
    sys.stdout.write(logged(error))
    sys.stdout.flush()
