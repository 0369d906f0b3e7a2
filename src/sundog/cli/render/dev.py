"""The terminal of `sundog dev`: a state machine from events to lines.

It reads no clock and writes nothing: times come with the events and with `tick`, and the caller prints the lines. What it
shows is the same in a terminal and in a pipe, colours aside.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from sundog.cli.render.deploys import DeployLines, described_error
from sundog.cli.render.invocations import InvocationLines, error_frames
from sundog.cli.render.output import Line, Style, line
from sundog.cli.render.sites import site_output, site_served
from sundog.cli.render.times import duration, time_of_day
from sundog.model import events
from sundog.model.events import Event, FunctionError

_RELOAD_SHOWN_AFTER_SECONDS = 2.0
_FAILED_SHOWN_AFTER_SECONDS = 0.2
"""Time for others to fail for the same reason."""
_SYNTH_SHOWN_AFTER_SECONDS = 2.0
"""A warm synth is over by then, and its result says enough."""
_MOST_NAMES = 6
_NOTICE_STYLES: dict[str, Style] = {"info": "cyan", "warning": "yellow bold", "error": "red bold"}


class _Reload:
    def __init__(self, event: events.FilesChanged) -> None:
        self.at = event.at
        self.files = event.files
        self.functions = event.functions
        self.waiting = set(event.functions)
        self.slowest_ms = 0.0


class _FailedStarts:
    """Functions that cannot start for the same reason: one file that all of them import, for one."""

    def __init__(self, event: events.InitFailed) -> None:
        self.at = event.at
        self.error = event.error
        self.functions = [event.function]
        self.logged: list[Line] = []


class DevLines:
    """Shows a live session."""

    def __init__(
        self,
        *,
        app: str,
        version: str,
        name_of: Callable[[str], str] = str,
        clock: Callable[[float], str] = time_of_day,
        width: int = 100,
        verbosity: int = 0,
        every_resource: bool = False,
        show_unchanged: bool = False,
        root: str = "",
    ) -> None:
        """Start with nothing shown.

        Args:
            app: Name of the app.
            version: Of sundog.
            name_of: What a person calls the function with an id.
            clock: Shows a moment.
            width: Errors are wrapped to it.
            verbosity: 1 shows more.
            every_resource: Follow a deploy resource by resource: one to AWS takes minutes, a local one a moment.
            show_unchanged: Show stacks that were up to date, and that a synth begins.
            root: The project's folder, which the frames of errors need not repeat.
        """
        self._app = app
        self._version = version
        self._name_of = name_of
        self._clock = clock
        self._width = width
        self._verbosity = verbosity
        self._root = root
        self._reloads: list[_Reload] = []
        self._failed_starts: list[_FailedStarts] = []
        self._told_failures: dict[str, FunctionError] = {}
        self._synth: events.SynthStarted | None = None
        """The one under way, until it is shown."""
        self._synth_awaited = False
        """The next result is shown also when no stack changed: a mistake was told, or that a synth takes long."""
        self._show_synths = show_unchanged or verbosity > 0
        self._invocations = InvocationLines(name_of=name_of, clock=clock, verbosity=verbosity, root=root)
        self._deploys = DeployLines(
            width=width,
            every_resource=every_resource or verbosity > 0,
            show_unchanged=show_unchanged or verbosity > 0,
        )
        self._show: dict[type[Event], Callable[..., list[Line]]] = {
            events.InvocationStarted: self._invocations.started,
            events.LogWritten: self._invocations.logged,
            events.InvocationFinished: self._invocation_finished,
            events.FilesChanged: self._files_changed,
            events.EnvironmentReady: self._environment_ready,
            events.InitFailed: self._init_failed,
            events.EnvironmentStopped: self._environment_stopped,
            events.SynthStarted: self._synth_started,
            events.SynthFinished: self._synth_finished,
            events.SynthFailed: self._synth_failed,
            events.AppRehearsed: _nothing,
            events.DeployStarted: self._deploys.started,
            events.ResourceProgress: self._deploys.resource,
            events.StackFinished: self._deploys.stack,
            events.DeployFinished: self._deploys.finished,
            events.UploadFinished: self._deploys.upload,
            events.SiteOutput: site_output,
            events.SiteServed: site_served,
            events.SessionReady: self._session_ready,
            events.EditorAttachment: self._editor,
            events.Notice: self._notice,
        }

    def feed(self, event: Event) -> list[Line]:
        """Take one event and return the lines to print now."""
        return self._show[type(event)](event)

    def tick(self, now: float) -> list[Line]:
        """Return the lines that are due because time has passed; to be called a few times a second."""
        lines: list[Line] = []
        for reload in [entry for entry in self._reloads if now - entry.at >= _RELOAD_SHOWN_AFTER_SECONDS]:
            self._reloads.remove(reload)
            lines.append(self._reload_line(reload))
        due = [entry for entry in self._failed_starts if now - entry.at >= _FAILED_SHOWN_AFTER_SECONDS]
        for failed in due:
            self._failed_starts.remove(failed)
            lines += self._failed_lines(failed)
        if self._synth is not None and now - self._synth.at >= _SYNTH_SHOWN_AFTER_SECONDS:
            lines.append(_synthesizing(self._synth))
            self._synth, self._synth_awaited = None, True
        return lines + self._invocations.tick(now)

    def _invocation_finished(self, event: events.InvocationFinished) -> list[Line]:
        if event.error is not None and self._told_failures.get(event.function) == event.error:
            # Why the function cannot start stands above already.
            event = msgspec.structs.replace(event, error=None)
        return self._invocations.finished(event)

    def _files_changed(self, event: events.FilesChanged) -> list[Line]:
        for function in event.functions:
            self._told_failures.pop(function, None)
        reload = _Reload(event)
        if not event.functions:
            return [self._reload_line(reload)] if self._verbosity else []
        self._reloads.append(reload)
        return []

    def _environment_ready(self, event: events.EnvironmentReady) -> list[Line]:
        self._told_failures.pop(event.function, None)
        lines = self._invocations.initialized(event.environment)
        if event.reason != "edit":
            return lines
        for reload in list(self._reloads):
            if event.function not in reload.waiting:
                continue
            reload.waiting.discard(event.function)
            reload.slowest_ms = max(reload.slowest_ms, event.since_edit_ms or event.init_ms)
            if not reload.waiting:
                self._reloads.remove(reload)
                lines.append(self._reload_line(reload))
        return lines

    def _reload_line(self, reload: _Reload) -> Line:
        names = [self._name_of(function) for function in reload.functions]
        took = f"  {duration(reload.slowest_ms)}" if reload.slowest_ms else ""
        return line(
            ("↻ ", "cyan"),
            (f"{self._clock(reload.at)}  ", "dim"),
            _some(reload.files),
            (" → ", "dim"),
            (_some(names) if names else "loaded by no function", "bold" if names else "dim"),
            (took, "green"),
        )

    def _init_failed(self, event: events.InitFailed) -> list[Line]:
        for reload in list(self._reloads):
            reload.waiting.discard(event.function)
            if not reload.waiting:
                self._reloads.remove(reload)
        logged = self._invocations.init_failed(event.environment, event.error)
        if self._told_failures.get(event.function) == event.error:
            return []
        self._told_failures[event.function] = event.error
        failed = next((entry for entry in self._failed_starts if entry.error == event.error), None)
        if failed is None:
            failed = _FailedStarts(event)
            self._failed_starts.append(failed)
        elif event.function not in failed.functions:
            failed.functions.append(event.function)
        failed.logged += logged
        return []

    def _failed_lines(self, failed: _FailedStarts) -> list[Line]:
        names = _some([self._name_of(function) for function in failed.functions])
        return [
            line(
                ("✗ ", "red"),
                (f"{self._clock(failed.at)}  ", "dim"),
                (names, "bold"),
                ("  cannot start", "red"),
            ),
            *failed.logged,
            *error_frames(failed.error, self._root),
        ]

    def _environment_stopped(self, event: events.EnvironmentStopped) -> list[Line]:
        if not self._verbosity:
            return []
        status = f", status {event.exit_status}" if event.exit_status is not None else ""
        return [
            line((f"· {self._name_of(event.function)}: environment ended ({event.reason}{status})", "dim"))
        ]

    def _synth_started(self, event: events.SynthStarted) -> list[Line]:
        if self._show_synths:
            return [_synthesizing(event)]
        self._synth = event
        return []

    def _synth_finished(self, event: events.SynthFinished) -> list[Line]:
        awaited, self._synth_awaited, self._synth = self._synth_awaited, False, None
        if not (event.changed_stacks or event.output or awaited or self._verbosity):
            return []
        changed = _some(event.changed_stacks) or "no stack changed"
        return [
            line(
                ("✓ ", "green"),
                ("synthesized ", "bold"),
                changed,
                (f"  {duration(event.duration_ms)}  {event.origin}", "dim"),
            ),
            *(line(("  │ ", "dim"), printed) for printed in event.output),
        ]

    def _synth_failed(self, event: events.SynthFailed) -> list[Line]:
        self._synth_awaited, self._synth = True, None
        return described_error(event.error, self._width)

    def _session_ready(self, event: events.SessionReady) -> list[Line]:
        outputs = {name: value for stack in event.outputs.values() for name, value in stack.items()}
        rows = {**outputs, **({"cloud": event.endpoint_url} if event.endpoint_url else {})}
        label_width = max((len(name) for name in rows), default=0)
        return [
            line(),
            line(
                "  ",
                ("sundog ", "bold"),
                (self._version, "dim"),
                "  ",
                (self._app, "bold"),
                (" · ", "dim"),
                event.stage,
            ),
            line(),
            *(
                line("  ", (name.ljust(label_width), "dim"), "  ", (value, "cyan"))
                for name, value in rows.items()
            ),
            *([line()] if rows else []),
            line(
                "  ",
                (f"ready in {duration(event.duration_ms)}", "green"),
                (" · saving a file makes it live · Ctrl-C stops", "dim"),
            ),
            line(),
        ]

    def _editor(self, event: events.EditorAttachment) -> list[Line]:
        return self._notice(events.Notice(at=event.at, level="info", text=event.text))

    def _notice(self, event: events.Notice) -> list[Line]:
        label = "note" if event.level == "info" else event.level
        lines = [line((f"{label}: ", _NOTICE_STYLES[event.level]), event.text)]
        if event.fix:
            lines.append(line(("  hint: ", "cyan"), event.fix))
        return lines


def _nothing(_event: Event) -> list[Line]:
    """Show nothing of what is done ahead: nobody waits for it."""
    return []


def _synthesizing(event: events.SynthStarted) -> Line:
    reason = "" if event.reason == "start" else f" ({event.reason})"
    return line((f"· synthesizing{reason}", "dim"))


def _some(names: list[str]) -> str:
    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} more"
