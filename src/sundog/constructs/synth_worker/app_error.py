"""Turns what a user's app raised into data: the place in the user's code, without our frames or jsii's."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

from sundog.constructs.synth_worker.app_hints import hint_for

_OURS = str(Path(__file__).parents[2])


def describe(error: BaseException, app_file: str) -> dict[str, Any]:
    """Return the error as JSON-ready data.

    The keys: `kind` is `sundog` for an error of ours with all its fields in `error`, `syntax`, `exit` or `exception`;
    `type`, `message`, `file`, `line`, `text` and `frames` say what and where; `from_node` that the CDK's JavaScript raised
    it, or what it was raised for; `hint` what mends it, if that can be told.
    """
    fields = _sundog_fields(error)
    frames = _user_frames(error.__traceback__)
    last = frames[-1] if frames else None
    described: dict[str, Any] = {
        "kind": "exception",
        "type": type(error).__name__,
        "message": _message(error),
        "file": last.filename if last else app_file,
        "line": last.lineno if last else None,
        "text": (last.line or None) if last else None,
        "from_node": _is_from_node(error),
        "hint": hint_for(error),
        "frames": [line for entry in traceback.format_list(frames) for line in entry.rstrip().splitlines()],
    }
    if fields is not None:
        described.update(kind="sundog", error=fields)
    elif isinstance(error, SyntaxError):
        text = error.text.strip() if error.text else None
        described.update(kind="syntax", message=error.msg, file=error.filename, line=error.lineno, text=text)
    elif isinstance(error, SystemExit):
        described.update(kind="exit", status=error.code if isinstance(error.code, int) else 1)
    return described


def _sundog_fields(error: BaseException) -> dict[str, object] | None:
    as_dict = getattr(error, "as_dict", None)
    if callable(as_dict) and hasattr(error, "what") and hasattr(error, "code"):
        return dict(as_dict())
    return None


def _is_from_node(error: BaseException) -> bool:
    origin: BaseException | None = error
    while origin is not None:
        raised_in = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(origin.__traceback__)]
        if raised_in and "jsii" in Path(raised_in[-1]).parts:
            return True
        origin = origin.__cause__ or origin.__context__
    return False


def _message(error: BaseException) -> str:
    # jsii puts JavaScript's own stack below its message's first lines.
    lines = str(error).strip().splitlines()
    kept = [line for line in lines if not line.lstrip().startswith("at ")]
    return "\n".join(kept)


def _user_frames(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    return [frame for frame in traceback.extract_tb(trace) if not _is_machinery(frame.filename)]


def _is_machinery(filename: str) -> bool:
    if filename.startswith(("<frozen ", _OURS)):
        return True
    parts = Path(filename).parts
    return "site-packages" in parts and any(
        name in parts for name in ("jsii", "aws_cdk", "constructs", "typeguard")
    )
