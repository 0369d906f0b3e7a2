"""Events and results to and from JSON as AWS's Python runtime does it, decimals included."""

from __future__ import annotations

import json
import os
import re
from decimal import Decimal
from typing import Any

from .faults import Fault

ASCII_RUNTIMES = (
    "AWS_Lambda_python3.8",
    "AWS_Lambda_python3.9",
    "AWS_Lambda_python3.10",
    "AWS_Lambda_python3.11",
)


# The C encoder writes floats its own way, so a decimal travels as a marked string that no text of the user's can be:
# the encoder escapes NUL, and the marks are taken off after encoding.
MARK = "\\u0000sundog-decimal\\u0000"
MARKED = re.compile('"' + re.escape(MARK) + '([^"]*)"')


def event_of(body: bytes, content_type: str) -> Any:
    """Return what the handler is given."""
    if content_type.split(";", maxsplit=1)[0].strip() not in ("application/json", ""):
        return body
    try:
        return json.loads(body)
    except (ValueError, UnicodeDecodeError) as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from None


def result_of(value: Any) -> tuple[bytes, str]:
    """Return the bytes of a result and their content type."""
    if isinstance(value, bytes):
        return value, "application/unknown"
    ascii_only = os.environ.get("AWS_EXECUTION_ENV") in ASCII_RUNTIMES
    try:
        text = json.dumps(value, ensure_ascii=ascii_only, default=_default)
        if MARK in text:
            text = MARKED.sub(r"\1", text)
        return text.encode("utf-8"), "application/json"
    except Exception as error:  # noqa: BLE001 - the user's objects may raise anything while they are encoded
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from None


def _default(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float("nan") if value.is_nan() else "\0sundog-decimal\0" + str(value)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)
