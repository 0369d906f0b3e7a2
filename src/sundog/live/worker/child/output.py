"""Standard output, standard error and `logging` as Lambda sets them up."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
import traceback
from typing import Any

TEXT_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
PLAIN_FIELDS = frozenset(
    (
        *vars(logging.LogRecord("", 0, "", 0, "", (), None)),
        "message",
        "asctime",
        "aws_request_id",
        "tenant_id",
        "taskName",
    )
)


class RequestState:
    """The invocation that runs now, for the log lines it writes."""

    def __init__(self) -> None:
        self.request_id = ""
        self.tenant_id: str | None = None


def open_streams() -> None:
    """Replace `sys.stdout` and `sys.stderr` by unbuffered text streams on descriptors 1 and 2.

    Unbuffered, as on Lambda: what was printed before a crash is not lost.
    """
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        raw = io.FileIO(descriptor, "w", closefd=False)
        stream = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def set_up_logging(state: RequestState) -> None:
    """Give the root logger the handler that Lambda gives it."""
    logging.Formatter.converter = time.gmtime
    handler = _StandardOutputHandler()
    if os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON":
        handler.setFormatter(_JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(TEXT_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(_RequestFilter(state))
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else "CRITICAL" if level == "FATAL" else level
    if level in ("DEBUG", "INFO", "WARN", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)


class _StandardOutputHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        sys.stdout.write(self.format(record) + "\n")


class _RequestFilter(logging.Filter):
    def __init__(self, state: RequestState) -> None:
        super().__init__()
        self._state = state

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self._state.request_id
        record.tenant_id = self._state.tenant_id
        return True


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        message: Any = record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage()
        result: dict[str, Any] = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": message,
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            result["stackTrace"] = traceback.format_tb(record.exc_info[2])
            result["errorType"] = record.exc_info[0].__name__
            result["errorMessage"] = str(record.exc_info[1])
            result["location"] = "%s:%s:%d" % (record.pathname, record.funcName, record.lineno)
        result["requestId"] = getattr(record, "aws_request_id", "") or None
        result["tenantId"] = getattr(record, "tenant_id", None)
        extra = {name: value for name, value in vars(record).items() if name not in PLAIN_FIELDS}
        result = {name: value for name, value in {**extra, **result}.items() if value is not None}
        return json.dumps(result, ensure_ascii=False, default=str)
