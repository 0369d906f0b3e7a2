"""The child process that runs the app, seen from the parent: started, prepared, given one app at a time, ended.

The child (`sundog.constructs.synth_worker`) has imported the CDK and forks a runner for each synth; see there. Here is
only what the parent must know: JSON lines over pipes, and that whatever happens nothing is left behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread
import msgspec
from anyio.streams.buffered import BufferedByteReceiveStream

from sundog.deploy.synth.record import Report, Stamp, SynthRecord, file_stamp, make_record
from sundog.model.programs import end_group

_LONGEST_LINE = 16 * 1024 * 1024
_OUTPUT_LINES = 40
_NICENESS = 5
"""Of a worker that nobody waits for: at 10 it got nowhere on a machine whose processors are all busy."""
_CHANNEL = "sundog-synth-"
_ENTRY = Path("constructs") / "synth_worker" / "__main__.py"

Message = dict[str, Any]


class WorkerDied(Exception):
    """The child ended without an answer."""

    def __init__(self, how: str, output: Sequence[str] = ()) -> None:
        super().__init__(how)
        self.how = how
        self.output = list(output)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What the child left in `result.json`."""

    event: str
    error: Message | None = None
    run_ms: float = 0
    record: Report | None = None
    cold: bool = False
    """Whether nothing had been loaded ahead."""
    rehearsed: bool = False
    """Whether Node had run the app before."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a runner is started with, before it is known when it is needed."""

    cwd: Path
    environment: Mapping[str, str]
    cache: Path | None
    node_modules: Sequence[str]
    type_hints: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A runner that waits for its app, with Node started."""

    surroundings: Surroundings
    rehearsed: SynthRecord | None = None
    """What Node read when it rehearsed the app; None when it did not."""


class SynthWorker:
    """One child process and the runner that waits in it."""

    def __init__(self, *, python: str, fork: bool) -> None:
        """Describe a child that is not started yet.

        Args:
            python: The interpreter that runs the app.
            fork: Whether the child forks runners; else it is one itself and serves once.
        """
        self._python = python
        self._fork = fork
        self._process: anyio.abc.Process | None = None
        self._lines: BufferedByteReceiveStream | None = None
        self._channel: Path | None = None
        self._stderr: Any = None
        self._runner: int | None = None
        self._loaded_with: Mapping[str, str] = {}
        self.loaded_modules: frozenset[str] = frozenset()
        """The CDK's modules, and sundog's constructs, that were imported ahead."""
        self.loaded_files: dict[str, Stamp] = {}
        """Imported ahead, and not from the installation: files that can be edited."""
        self.prepared: Prepared | None = None

    @property
    def can_rehearse(self) -> bool:
        """Whether a runner can run the app without being used up."""
        return self._fork

    @property
    def is_alive(self) -> bool:
        """Whether the child is there."""
        return self._process is not None and self._process.returncode is None

    def is_current(self, surroundings: Surroundings) -> bool:
        """Whether the child lives, and would import the same again."""
        if not self.is_alive:
            return False
        if any(file_stamp(path) != stamp for path, stamp in self.loaded_files.items()):
            return False
        names = {*self._loaded_with, *(name for name in surroundings.environment if _is_read_at_start(name))}
        return all(self._loaded_with.get(name) == surroundings.environment.get(name) for name in names)

    async def load(self, modules: Sequence[str], surroundings: Surroundings, *, ahead: bool) -> None:
        """Start the child and wait until it has imported these modules.

        Args:
            modules: Their names.
            surroundings: What the app will probably be given.
            ahead: Nobody waits for it: load at low priority.

        Raises:
            WorkerDied: It ended instead.
        """
        await self.close()
        _remove_channels_of_killed_sessions()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        entry = Path(sys.modules["sundog"].__file__ or "").parent / _ENTRY
        start = [str(entry)] if self._python == sys.executable else ["-m", "sundog.constructs.synth_worker"]
        self._process = await anyio.open_process(
            [self._python, "-P", *start],
            stderr=self._stderr,
            cwd=surroundings.cwd,
            env=dict(surroundings.environment),
        )
        assert self._process.stdout is not None  # noqa: S101 - open_process makes a pipe
        self._lines = BufferedByteReceiveStream(self._process.stdout)
        await self._send(
            {
                "modules": list(modules),
                "type_hints": list(surroundings.type_hints),
                "niceness": _NICENESS if ahead else 0,
                "fork": self._fork,
            }
        )
        loaded = await self._receive("loaded")
        # A name that could not be imported would not be the next time either.
        self.loaded_modules = frozenset([*modules, *loaded["modules"]])
        self.loaded_files = msgspec.convert(loaded["files"], dict[str, Stamp])
        self._loaded_with = {
            name: value
            for name, value in surroundings.environment.items()
            if name in loaded["environment"] or _is_read_at_start(name)
        }

    async def prepare(self, surroundings: Surroundings) -> Message:
        """Let a runner start Node and wait for its app; return its `ready` or `failed` message."""
        self._remove_channel()
        self.prepared = None
        self._channel = Path(tempfile.mkdtemp(prefix=f"{_CHANNEL}{os.getpid()}-"))
        await self._send(
            {
                "prepare": {
                    "channel": str(self._channel),
                    "cwd": str(surroundings.cwd),
                    "cache": None if surroundings.cache is None else str(surroundings.cache),
                    "environment": dict(surroundings.environment),
                    "node_modules": list(surroundings.node_modules),
                }
            }
        )
        message = await self._receive("ready", "failed")
        if message["event"] == "ready":
            self._runner = message["pid"]
            self.prepared = Prepared(surroundings=surroundings)
        return message

    async def rehearse(self, command: Message) -> bool:
        """Let the prepared runner run the app once for nothing; return whether it ended well.

        After a rehearsal that did not, the runner must be prepared again.

        Args:
            command: As for `run`. What the app wrote is left in the output folder.

        Raises:
            WorkerDied: The runner or the child ended.
        """
        assert self.prepared is not None  # noqa: S101 - the caller prepares
        await self._send({"rehearse": command})
        message = await self._receive("rehearsed")
        if message["ok"]:
            report = msgspec.convert(message["record"], Report)
            environment = self.prepared.surroundings.environment
            read = await anyio.to_thread.run_sync(make_record, report, environment)
            self.prepared = replace(self.prepared, rehearsed=read)
        return bool(message["ok"])

    async def run(self, command: Message) -> Finished:
        """Run the app in the prepared runner; on cancellation the runner is killed first.

        Raises:
            WorkerDied: The runner or the child ended.
        """
        rehearsed = self.prepared is not None and self.prepared.rehearsed is not None
        self.prepared = None
        try:
            await self._send({"run": command})
            await self._receive("finished", "shadowed")
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stop_runner()
            raise
        # It ends by itself, and its id may be another's soon.
        self._runner = None
        assert self._channel is not None  # noqa: S101 - prepare() made it
        text = (self._channel / "result.json").read_bytes()
        finished = msgspec.json.decode(text, type=Finished)
        return msgspec.structs.replace(finished, rehearsed=rehearsed)

    def output(self) -> list[str]:
        """Return the last lines that the app printed."""
        if self._channel is None:
            return []
        try:
            text = (self._channel / "output.log").read_text("utf-8", "replace")
        except OSError:
            return []
        return text.splitlines()[-_OUTPUT_LINES:]

    async def release_runner(self) -> None:
        """End the runner that waits, with its Node process, and keep what the child has imported.

        A child that does not fork is the runner itself: then nothing is kept.
        """
        if self.prepared is None:
            return
        if not self._fork:
            await self.close()
            return
        self.prepared = None
        with anyio.CancelScope(shield=True):
            await self._stop_runner()
            self._remove_channel()

    async def close(self) -> None:
        """End the child, its runner and its Node process, at once."""
        with anyio.CancelScope(shield=True):
            self._kill_groups()
            if self._process is not None:
                await self._process.wait()
                await self._process.aclose()
            self._process = self._lines = None
            self.prepared = None
            self._remove_channel()
            if self._stderr is not None:
                self._stderr.close()
                self._stderr = None

    async def _stop_runner(self) -> None:
        try:
            with anyio.fail_after(2):
                await self._send({"cancel": True})
                await self._receive("cancelled")
        except (TimeoutError, WorkerDied):
            self._kill_groups()
        self._runner = None

    def _kill_groups(self) -> None:
        for group in (self._runner, self._process.pid if self._process is not None else None):
            if group is not None:
                end_group(group)
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._runner = None

    def _remove_channel(self) -> None:
        if self._channel is not None:
            shutil.rmtree(self._channel, ignore_errors=True)
            self._channel = None

    async def _send(self, message: Message) -> None:
        if self._process is None or self._process.stdin is None:
            raise WorkerDied("it was not running")
        try:
            await self._process.stdin.send(msgspec.json.encode(message) + b"\n")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise WorkerDied(await self._how_it_ended(), self._last_words()) from error

    async def _receive(self, *expected: str) -> Message:
        assert self._lines is not None  # noqa: S101 - load() made it
        while True:
            try:
                line = await self._lines.receive_until(b"\n", _LONGEST_LINE)
            except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError) as error:
                raise WorkerDied(await self._how_it_ended(), self._last_words()) from error
            message: Message = msgspec.json.decode(line)
            if message["event"] in expected:
                return message
            if message["event"] == "died":
                self._runner = None
                raise WorkerDied(_status(message["status"]), self.output())

    async def _how_it_ended(self) -> str:
        if self._process is None:
            return "it was not running"
        self._kill_groups()
        return _status(await self._process.wait())

    def _last_words(self) -> list[str]:
        if self._stderr is None:
            return []
        self._stderr.seek(0)
        written: bytes = self._stderr.read()
        return written.decode("utf-8", "replace").splitlines()[-_OUTPUT_LINES:]


def _remove_channels_of_killed_sessions() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_CHANNEL}*"):
        owner = folder.name.removeprefix(_CHANNEL).partition("-")[0]
        if owner.isdigit() and not _is_running(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_read_at_start(name: str) -> bool:
    return name.startswith("PYTHON")


def _status(status: int | None) -> str:
    if status is None:
        return "it ended"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"it was killed by {signal.Signals(-status).name}"
    return f"it ended with exit status {status}"
