"""What happened to an app's functions, as tests ask for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from sundog.model.events import (
    EditorAttachment,
    Event,
    FunctionError,
    InitFailed,
    InvocationFinished,
    InvocationStarted,
    LogWritten,
    Notice,
    Outcome,
    SiteOutput,
    UploadFinished,
)
from sundog.model.manifest import Trigger

OTHER_LANGUAGE_SECONDS = 5.0
"""How long an editor that has attached to the handlers of one language is given to attach to the others."""
_KEPT_NOTICES = 50
_SHOWN = 1000
"""Characters of an event that a message shows."""


@dataclass(kw_only=True)
class SeenInvocation:
    """One run of a handler."""

    started: InvocationStarted
    finished: InvocationFinished | None = None
    logs: list[str] = field(default_factory=list)
    """The lines that it wrote."""

    @property
    def function(self) -> str:
        """Id of the function in the manifest."""
        return self.started.function

    @property
    def request_id(self) -> str:
        """Id of the request; an event that is tried again keeps its own."""
        return self.started.request_id

    @property
    def trigger(self) -> Trigger | None:
        """What invoked it, as the app declares it; None for one that was invoked by hand."""
        return self.started.trigger

    @property
    def event(self) -> Any:  # noqa: ANN401 - JSON
        """What the handler was given, decoded."""
        return _decoded(self.started.payload)

    @property
    def outcome(self) -> Outcome | None:
        """How it ended; None while it runs."""
        return self.finished.outcome if self.finished else None

    @property
    def ok(self) -> bool:
        """Whether the handler returned."""
        return self.outcome == "ok"

    @property
    def response(self) -> Any:  # noqa: ANN401 - JSON
        """What it returned, or the error object, decoded; None while it runs."""
        return _decoded(self.finished.response) if self.finished else None

    @property
    def error(self) -> FunctionError | None:
        """Why it failed."""
        return self.finished.error if self.finished else None

    def __repr__(self) -> str:
        reason = f" ({self.error.error_type}: {self.error.message})" if self.error else ""
        return f"{self.function} {self.outcome or 'is running'}{reason}: {json.dumps(self.event)[:_SHOWN]}"


class EventLog:
    """An observer that keeps what happened; asked from any thread."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        """Start empty.

        Args:
            tell: Told at once what belongs to no invocation and a person should know.
        """
        self._tell = tell
        self._editors: set[str] = set()
        """The languages of the handlers that an editor is attached to."""
        self._news = threading.Condition()
        self._seen: list[SeenInvocation] = []
        self._first = 0
        """Where the part begins that is shown unless asked otherwise."""
        self._notices: list[tuple[int, str]] = []
        """What belongs to no invocation, each after how many it came."""
        self.uploads: list[UploadFinished | SiteOutput] = []
        """What has become of the files of sites and buckets, and what their builds said."""

    def __call__(self, event: Event) -> None:
        """Keep one event."""
        with self._news:
            if isinstance(event, InvocationStarted):
                self._seen.append(SeenInvocation(started=event))
            elif isinstance(event, InvocationFinished):
                if one := self._latest(event.request_id, event.environment):
                    one.finished = event
            elif isinstance(event, LogWritten):
                self._log(event)
            elif isinstance(event, Notice):
                self._notice(f"{event.level}: {event.text}")
                self._say("\n  fix: ".join(filter(None, [event.text, event.fix])))
            elif isinstance(event, EditorAttachment):
                (self._editors.add if event.attached else self._editors.discard)(event.language)
                self._say(event.text)
            elif isinstance(event, InitFailed):
                self._notice(f"{event.function}: {event.error.error_type}: {event.error.message}")
                for frame in event.error.frames:
                    self._notice(f"  {frame}")
            elif isinstance(event, UploadFinished | SiteOutput):
                self.uploads.append(event)
            self._news.notify_all()

    def mark(self) -> int:
        """Return a place in time: `since=` looks only at what started later."""
        with self._news:
            return len(self._seen)

    def begin_anew(self) -> None:
        """Show no more of what has happened so far."""
        with self._news:
            self._first = len(self._seen)

    def seen(self, function: str | None = None, *, since: int = 0) -> list[SeenInvocation]:
        """Return the invocations of a function, or of all, oldest first."""
        with self._news:
            return [one for one in self._seen[max(since, self._first) :] if function in (None, one.function)]

    def wait_for(
        self,
        function: str | None,
        where: Callable[[SeenInvocation], object] | None,
        *,
        count: int,
        since: int,
        timeout: float,
    ) -> list[SeenInvocation]:
        """Return all invocations that have ended and meet a condition, once there are as many as wanted.

        Raises:
            AssertionError: There were not in time.
        """
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                ended = [one for one in self.seen(function, since=since) if one.finished]
                found = [one for one in ended if where is None or where(one)]
                if len(found) >= count:
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(self._missing(function, since, f"{len(found)} of {count}", timeout))
                self._news.wait(left)

    def wait_until_idle(self, timeout: float) -> None:
        """Return when no handler runs.

        Raises:
            AssertionError: One still does.
        """
        with self._news:
            if not self._news.wait_for(lambda: all(one.finished for one in self._seen), timeout):
                running = "\n".join(f"  {one!r}" for one in self._seen if one.finished is None)
                raise AssertionError(f"after {timeout:g} s there still run:\n{running}")

    def wait_for_editor(self, timeout: float, languages: Collection[str]) -> bool:
        """Return when an editor is attached to handlers, or the time is over; whether one is.

        Args:
            timeout: Seconds to wait for the first.
            languages: Those of the handlers. An editor attaches to each by itself, one after the other.
        """
        with self._news:
            attached = self._news.wait_for(lambda: bool(self._editors), timeout)
            if attached:
                self._news.wait_for(lambda: self._editors.issuperset(languages), OTHER_LANGUAGE_SECONDS)
            return attached

    def logs(self, *, since: int = 0) -> list[str]:
        """Return the lines that handlers wrote, each with the function's id."""
        with self._news:
            return [f"{one.function}: {line}" for one in self.seen(since=since) for line in one.logs]

    def story(self, *, since: int = 0) -> list[str]:
        """Return what happened, in lines for a person."""
        with self._news:
            lines = [text for place, text in self._notices if place >= since]
        for one in self.seen(since=since):
            lines += [repr(one), *(f"  {line}" for line in one.logs)]
            lines += [f"  {frame}" for frame in (one.error.frames if one.error else [])]
        return lines

    def _missing(self, function: str | None, since: int, found: str, timeout: float) -> str:
        what = f"invocations of `{function}`" if function else "invocations"
        lines = [f"after {timeout:g} s there were {found} {what}; seen:"]
        lines += [repr(one) for one in self.seen(function, since=since)] or ["none"]
        lines += [f"log: {line}" for line in self.logs(since=since)[-20:]]
        return "\n  ".join([*lines, *(text for _, text in self._notices)])

    def _say(self, text: str) -> None:
        if self._tell is not None:
            self._tell(text)

    def _notice(self, text: str) -> None:
        self._notices = [*self._notices[-_KEPT_NOTICES:], (len(self._seen), text)]

    def _log(self, event: LogWritten) -> None:
        if event.stream == "platform":
            return
        if event.request_id is None:
            # Written while its environment began.
            self._notice(f"{event.function}: {event.text}")
            return
        if one := self._latest(event.request_id, event.environment):
            one.logs.append(event.text)

    def _latest(self, request_id: str, environment: str) -> SeenInvocation | None:
        # From the end: an event that is tried again keeps its request id. None for one that was throttled or whose
        # environment did not come up, because its handler never started.
        for one in reversed(self._seen):
            if one.request_id == request_id and one.started.environment == environment:
                return one
        return None


def _decoded(text: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError:
        # A streamed response, or none.
        return text.decode("utf-8", "replace") or None
