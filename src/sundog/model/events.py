"""What happens in a session, as a flat stream of facts.

The live session, synth and the deploy engine emit them; the store, the terminal and `--json` consume them. Nobody
calls anybody else about what happened. An observer must be quick and must not raise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import msgspec

from sundog.model.manifest import SourcePlace, Trigger

Outcome: TypeAlias = Literal["ok", "error", "timeout", "crash", "init_error", "throttled"]
Stream: TypeAlias = Literal["stdout", "stderr", "platform"]
DebuggedLanguage: TypeAlias = Literal["python", "node"]
"""A language whose handlers an editor can attach to."""


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    at: float
    """Wall clock, seconds since the epoch."""


class FunctionError(msgspec.Struct, frozen=True, kw_only=True):
    """An error in the shape that Lambda reports."""

    error_type: str
    message: str
    frames: list[str] = []
    """Formatted stack frames, ours removed, outermost first, as the language prints them."""
    place: SourcePlace | None = None
    """The innermost frame in the user's project."""


class InvocationStarted(_Event, frozen=True, kw_only=True):
    """A function's handler was given an event."""

    request_id: str
    function: str
    """Id of the function in the manifest."""
    environment: str
    """Id of the execution environment."""
    cold: bool
    trigger: Trigger | None
    payload: bytes
    """The event as JSON."""
    trace_id: str
    deadline: float
    """Wall clock, seconds since the epoch."""
    replay_of: str | None = None


class LogWritten(_Event, frozen=True, kw_only=True):
    """A line that the function wrote, or that the platform wrote about it."""

    function: str
    environment: str
    request_id: str | None
    """None for lines written while the environment initialised."""
    stream: Stream
    text: str
    """Without the newline."""


class InvocationFinished(_Event, frozen=True, kw_only=True):
    """The caller was given an answer."""

    request_id: str
    function: str
    environment: str
    outcome: Outcome
    duration_ms: float
    init_ms: float | None = None
    """Time of the INIT phase when this invocation had to wait for it."""
    max_memory_mb: int | None = None
    response: bytes = b""
    """The result, or the error object, as JSON."""
    error: FunctionError | None = None


class FilesChanged(_Event, frozen=True, kw_only=True):
    """The watcher saw an edit."""

    files: list[str]
    functions: list[str]
    """Ids of the functions that had loaded one of the files."""


class EnvironmentReady(_Event, frozen=True, kw_only=True):
    """A new execution environment has imported its handler and waits for events."""

    function: str
    environment: str
    reason: Literal["start", "edit", "scale", "crash"]
    init_ms: float
    since_edit_ms: float | None = None
    """From the file system's notice of the edit to ready; set when the reason is an edit."""


class InitFailed(_Event, frozen=True, kw_only=True):
    """A handler could not be imported or built."""

    function: str
    environment: str | None
    error: FunctionError


class EnvironmentStopped(_Event, frozen=True, kw_only=True):
    """An execution environment ended."""

    function: str
    environment: str
    reason: Literal["edit", "idle", "crash", "timeout", "shutdown", "removed"]
    exit_status: int | None = None


class SynthStarted(_Event, frozen=True, kw_only=True):
    """The app is being synthesized."""

    reason: str
    """`start`, or the file whose edit caused it."""


class SynthFinished(_Event, frozen=True, kw_only=True):
    """The cloud assembly is there."""

    duration_ms: float
    origin: Literal["cache", "warm", "cold"]
    changed_stacks: list[str]
    output: list[str] = []
    """The last lines that the app printed."""


class SynthFailed(_Event, frozen=True, kw_only=True):
    """The user's app raised, or was refused."""

    duration_ms: float
    error: dict[str, object]
    """`SundogError.as_dict()`."""


RehearsalOutcome: TypeAlias = Literal["ready", "left out", "failed", "different"]


class AppRehearsed(_Event, frozen=True, kw_only=True):
    """The app was run once for nothing, so that the next synth is faster, or there was a reason not to."""

    outcome: RehearsalOutcome
    """`ready` when the next synth uses it. `different`: its templates were not those of the last synth."""
    reason: str | None = None
    """Of another outcome than `ready`: what the app does, a path that has changed, …"""
    duration_ms: float


class DeployStarted(_Event, frozen=True, kw_only=True):
    """Stacks are being deployed or removed."""

    deploy: str
    stage: str
    action: Literal["deploy", "remove"]
    stacks: list[str]


class ResourceProgress(_Event, frozen=True, kw_only=True):
    """CloudFormation reported on one resource."""

    deploy: str
    stack: str
    logical_id: str
    cloudformation_type: str
    status: str
    """CloudFormation's own: `CREATE_IN_PROGRESS`, `UPDATE_FAILED`, …"""
    reason: str | None = None
    path: str | None = None
    """Construct path."""
    place: SourcePlace | None = None


class StackFinished(_Event, frozen=True, kw_only=True):
    """A stack reached its end state."""

    deploy: str
    stack: str
    status: Literal["created", "updated", "unchanged", "removed", "failed"]
    duration_ms: float
    outputs: dict[str, str] = {}


class DeployFinished(_Event, frozen=True, kw_only=True):
    """All stacks reached their end."""

    deploy: str
    ok: bool
    duration_ms: float
    error: dict[str, object] | None = None


class UploadFinished(_Event, frozen=True, kw_only=True):
    """The files of a site or bucket are in place."""

    upload: str
    """Id in the manifest."""
    name: str
    uploaded: int
    removed: int
    unchanged: int
    duration_ms: float


class SiteOutput(_Event, frozen=True, kw_only=True):
    """The build or the dev server of a site wrote a line."""

    site: str
    """Name of the site."""
    text: str


class SiteServed(_Event, frozen=True, kw_only=True):
    """A site's dev server answers."""

    site: str
    url: str


class SessionReady(_Event, frozen=True, kw_only=True):
    """`sundog dev` serves."""

    stage: str
    endpoint_url: str | None
    outputs: dict[str, dict[str, str]]
    """By stack id, as the user named them."""
    duration_ms: float


class EditorAttachment(_Event, frozen=True, kw_only=True):
    """An editor has attached to the handlers of a language, or has left them."""

    language: DebuggedLanguage
    attached: bool

    @property
    def text(self) -> str:
        """What happened, for a person."""
        done = "attached to" if self.attached else "left"
        return f"an editor {done} {self.language.title()} handlers"


class Notice(_Event, frozen=True, kw_only=True):
    """Something a person should know that fits nowhere else."""

    level: Literal["info", "warning", "error"]
    text: str
    fix: str | None = None


Event: TypeAlias = (
    InvocationStarted
    | LogWritten
    | InvocationFinished
    | FilesChanged
    | EnvironmentReady
    | InitFailed
    | EnvironmentStopped
    | SynthStarted
    | SynthFinished
    | SynthFailed
    | AppRehearsed
    | DeployStarted
    | ResourceProgress
    | StackFinished
    | DeployFinished
    | UploadFinished
    | SiteOutput
    | SiteServed
    | SessionReady
    | EditorAttachment
    | Notice
)
Observer: TypeAlias = Callable[[Event], None]
