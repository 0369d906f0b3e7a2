"""Invocations as lines: one for each, its log lines below it.

What an invocation logs is kept until its answer is there and then shown in one piece, so that concurrent ones never mix. One
that takes longer than `LIVE_AFTER_SECONDS`, because it is slow or stands at a breakpoint, is shown from then on as it goes;
its lines carry the beginning of its request id, in a colour of its own.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

import msgspec

from sundog.cli.render.output import Line, Style, line
from sundog.cli.render.times import duration, time_of_day
from sundog.model.events import FunctionError, InvocationFinished, InvocationStarted, LogWritten

LIVE_AFTER_SECONDS = 1.0
_IMPORTING = re.compile(r'File ".*[/\\]importlib[/\\]__init__\.py", line \d+, in import_module')
"""How a runtime imports a handler's module; it says nothing about the module."""
_MISSING_MODULE = re.compile(r"No module named '([^']+)'")
SHORT_ID_LENGTH = 8
_COLOURS: tuple[Style, ...] = ("cyan", "magenta", "yellow", "blue", "bright_cyan", "bright_magenta")
_STATUS = {"timeout": "timed out", "crash": "crashed", "init_error": "failed to start"}


class _Status(msgspec.Struct, rename="camel"):
    status_code: int | None = None


class _Running:
    def __init__(self, started: InvocationStarted) -> None:
        self.started = started
        self.lines: list[LogWritten] = []
        self.is_live = False


class InvocationLines:
    """Turns the events of invocations into lines."""

    def __init__(
        self,
        *,
        name_of: Callable[[str], str],
        clock: Callable[[float], str] = time_of_day,
        verbosity: int = 0,
        root: str = "",
    ) -> None:
        """Start with nothing running.

        Args:
            name_of: What a person calls the function with an id.
            clock: Shows a moment.
            root: The project's folder, which the frames of errors need not repeat.
            verbosity: 1 shows what the platform logged, and memory.
        """
        self._name_of = name_of
        self._clock = clock
        self._verbosity = verbosity
        self._root = root
        self._running: dict[tuple[str, str], _Running] = {}
        self._initializing: dict[str, list[LogWritten]] = {}

    def started(self, event: InvocationStarted) -> list[Line]:
        """Remember an invocation; it is shown when it ends."""
        self._running[event.request_id, event.environment] = _Running(event)
        return self.initialized(event.environment)

    def logged(self, event: LogWritten) -> list[Line]:
        """Keep a line for its invocation, or show it when that is shown already."""
        if event.stream == "platform" and not self._verbosity:
            return []
        if event.request_id is None:
            self._initializing.setdefault(event.environment, []).append(event)
            return []
        running = self._running.get((event.request_id, event.environment))
        if running is None:
            return self._stray_lines(event)
        if running.is_live:
            return self._live_lines(running, event)
        running.lines.append(event)
        return []

    def initialized(self, environment: str) -> list[Line]:
        """Show what an environment logged while it started."""
        return [
            shown for event in self._initializing.pop(environment, []) for shown in self._stray_lines(event)
        ]

    def init_failed(self, environment: str | None, error: FunctionError) -> list[Line]:
        """Show what an environment logged before it failed to start, without the error itself."""
        events = self._initializing.pop(environment or "", [])
        return [shown for event in events if not _repeats(event, error) for shown in self._stray_lines(event)]

    def finished(self, event: InvocationFinished) -> list[Line]:
        """Show an invocation with what it logged and, when it failed, why and where."""
        running = self._running.pop((event.request_id, event.environment), None)
        lines = [self._summary(running, event)]
        if running is not None and not running.is_live:
            lines += [
                line(("  │ ", "dim"), piece)
                for written in running.lines
                if not _repeats(written, event.error)
                for piece in _texts(written)
            ]
        if event.error is not None:
            lines += error_frames(event.error, self._root)
        if event.outcome not in {"ok", "throttled"}:
            lines.append(line(("    sundog replay ", "dim"), (_short(event.request_id), "dim")))
        return lines

    def tick(self, now: float) -> list[Line]:
        """Show those that have been running for long."""
        lines: list[Line] = []
        for running in self._running.values():
            if running.is_live or now - running.started.at < LIVE_AFTER_SECONDS:
                continue
            running.is_live = True
            started = running.started
            lines.append(
                line(
                    ("▸ ", "cyan"),
                    (f"{self._clock(started.at)}  ", "dim"),
                    *self._title(started, started.function),
                    ("  running  ", "dim"),
                    _coloured_id(started.request_id),
                )
            )
            lines += [shown for written in running.lines for shown in self._live_lines(running, written)]
            running.lines.clear()
        return lines

    def _live_lines(self, running: _Running, event: LogWritten) -> list[Line]:
        return [
            line("  ", _coloured_id(running.started.request_id), (" │ ", "dim"), piece)
            for piece in _texts(event)
        ]

    def _stray_lines(self, event: LogWritten) -> list[Line]:
        name = self._name_of(event.function)
        return [line("  ", (name, "dim"), (" │ ", "dim"), piece) for piece in _texts(event)]

    def _summary(self, running: _Running | None, event: InvocationFinished) -> Line:
        failed = event.outcome != "ok"
        status, style = _status(event)
        pieces: list[str | tuple[str, Style]] = [
            ("✗ ", "red") if failed or style == "red" else ("✓ ", "green"),
            (f"{self._clock(event.at)}  ", "dim"),
            *self._title(running.started if running else None, event.function),
            (f"  {status}" if status else "", style),
            f"  {duration(event.duration_ms)}",
        ]
        if running is not None and running.started.cold:
            init = f" {duration(event.init_ms)}" if event.init_ms is not None else ""
            pieces.append((f"  cold{init}", "blue"))
        if self._verbosity and event.max_memory_mb is not None:
            pieces.append((f"  {event.max_memory_mb} MB", "dim"))
        is_live = running is not None and running.is_live
        pieces += ["  ", _coloured_id(event.request_id) if is_live else (_short(event.request_id), "dim")]
        return line(*pieces)

    def _title(self, started: InvocationStarted | None, function: str) -> list[str | tuple[str, Style]]:
        name = self._name_of(function)
        trigger = started.trigger if started else None
        if trigger is None:
            return [(name, "bold"), *([("  replayed", "dim")] if started and started.replay_of else [])]
        return [trigger.label, (" → ", "dim"), (name, "bold")]


def error_frames(error: FunctionError, root: str = "") -> list[Line]:
    """Return the lines of an error that a handler raised: its message, its stack, its place.

    Args:
        error: What a runtime reported, with whole paths.
        root: The project's folder; files in it are shown as the user would type them.
    """
    first, *rest = (error.message or "").splitlines() or [""]
    lines = [line("  ", (error.error_type, "red bold"), f": {first}" if first else "")]
    lines += [line(f"    {text}") for text in rest]
    for frame in error.frames:
        if _IMPORTING.search(frame):
            continue
        shown = frame.replace(f"file://{root}/", "").replace(f"{root}/", "") if root else frame
        lines += [line((f"    {text}", "dim")) for text in shown.rstrip("\n").splitlines()]
    if error.place is not None:
        lines.append(line(("    --> ", "cyan"), f"{error.place.file}:{error.place.line}"))
    missing = _MISSING_MODULE.search(error.message or "")
    if missing is not None:
        hint = f"install what has `{missing[1]}` where functions run, which `sundog doctor` names; or correct the import"
        lines.append(line(("    hint: ", "cyan"), hint))
    return lines


def _status(event: InvocationFinished) -> tuple[str, Style]:
    if event.outcome != "ok":
        return _STATUS.get(event.outcome, event.outcome), "red"
    if b'"statusCode"' not in event.response:
        return "", "plain"
    try:
        code = msgspec.json.decode(event.response, type=_Status).status_code
    except msgspec.MsgspecError:
        # The handler's own result happens to hold the word; it is not an HTTP response.
        return "", "plain"
    return (
        (str(code), "red" if code >= 500 else "yellow" if code >= 400 else "green") if code else ("", "plain")
    )


def _texts(event: LogWritten) -> list[tuple[str, Style]]:
    style = {"stderr": "yellow", "platform": "dim"}.get(event.stream, "plain")
    return [(text, style) for text in event.text.splitlines()] or [("", style)]


def _repeats(event: LogWritten, error: FunctionError | None) -> bool:
    # Lambda's runtimes log an error that they report; here its own lines follow, with its place.
    return error is not None and event.text.startswith(
        (f"[ERROR] {error.error_type}", f"{error.error_type}: {error.message}")
    )


def _short(request_id: str) -> str:
    return request_id[:SHORT_ID_LENGTH]


def _coloured_id(request_id: str) -> tuple[str, Style]:
    return _short(request_id), _COLOURS[zlib.crc32(request_id.encode()) % len(_COLOURS)]
