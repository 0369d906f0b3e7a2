"""The event that `invoke` and `replay` send: a file, a saved event of the project, or stdin."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

from sundog.cli.errors import InvalidEvent, MissingEvent
from sundog.errors import Location, suggestion
from sundog.model.project import Project

STDIN = "-"
EVENTS_FOLDER = "events"
LARGEST_SYNCHRONOUS_BYTES = 6 * 1024 * 1024
LARGEST_ASYNCHRONOUS_BYTES = 1024 * 1024
"""Lambda's limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def read_event(
    wanted: str | None,
    project: Project,
    cwd: Path,
    *,
    asynchronous: bool = False,
    stdin: BinaryIO | None = None,
) -> bytes:
    """Return an event as JSON.

    Args:
        wanted: A file, the name of a saved event, `-` for stdin; None for an empty object.
        project: Has the folder of saved events.
        cwd: What a relative path is relative to.
        asynchronous: Lambda accepts less then.
        stdin: Where `-` reads.

    Raises:
        MissingEvent: There is no such file or saved event.
        InvalidEvent: It is not JSON, or too large.
    """
    if wanted is None:
        return b"{}"
    if wanted == STDIN:
        return _checked((stdin or sys.stdin.buffer).read(), "stdin", asynchronous=asynchronous)
    file = _file(wanted, project, cwd)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise MissingEvent(
            f"the event `{wanted}` cannot be read",
            where=str(file),
            why=error.strerror,
            fix="name a readable file",
        ) from error
    return _checked(content, project.relative(file), asynchronous=asynchronous)


def _file(wanted: str, project: Project, cwd: Path) -> Path:
    folder = project.root / EVENTS_FOLDER
    for candidate in (cwd / wanted, folder / wanted, folder / f"{wanted}.json"):
        if candidate.is_file():
            return candidate.resolve()
    saved = sorted(path.stem for path in folder.glob("*.json")) if folder.is_dir() else []
    close = suggestion(wanted.removesuffix(".json"), saved)
    raise MissingEvent(
        f"there is no event `{wanted}`",
        where=project.relative(folder),
        why=f"the saved events are {', '.join(saved)}"
        if saved
        else f"the project has no {EVENTS_FOLDER}/ folder with JSON files",
        fix=f"write `--event {close}`"
        if close
        else f"save it as {EVENTS_FOLDER}/{Path(wanted).stem or 'event'}.json, or name a file",
    )


def _checked(content: bytes, place: str, *, asynchronous: bool) -> bytes:
    limit = LARGEST_ASYNCHRONOUS_BYTES if asynchronous else LARGEST_SYNCHRONOUS_BYTES
    if len(content) > limit:
        raise InvalidEvent(
            f"the event has {len(content):,} bytes, {limit:,} is the most that Lambda accepts"
            f" for {'an asynchronous' if asynchronous else 'a synchronous'} call",
            where=place,
            fix="send a smaller event, or put the data into a bucket and send its key",
        )
    try:
        text = content.decode("utf-8-sig")
        json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidEvent(
            "the event is not UTF-8",
            where=place,
            why=f"byte {error.start} cannot be decoded",
            fix="save it as UTF-8",
        ) from error
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        source = lines[error.lineno - 1].strip() if error.lineno <= len(lines) else None
        raise InvalidEvent(
            "the event is not valid JSON",
            where=Location(place, error.lineno, source),
            why=f"{error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}",
            fix="correct that line",
        ) from error
    except ValueError as error:
        raise InvalidEvent(
            "the event is not valid JSON", where=place, why=str(error), fix="use null or a string"
        ) from error
    return text.encode("utf-8")


def _no_constant(name: str) -> None:
    raise ValueError(f"JSON has no {name}")
