"""What the live session asks of a language: build a function, start a process that serves it.

A runner never sees an invocation. The process it starts speaks the Lambda Runtime API to the address in its environment
(`AWS_LAMBDA_RUNTIME_API`), writes its output to the two file descriptors it was given, and ends. Everything else (who
serves what, timeouts, replacement after an edit, logs) is the session's and is the same for all languages.

The session holds one runner per language in a plain dictionary: `LiveOptions.runners`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sundog.model.events import FunctionError
from sundog.model.functions import DeployedFunction


@dataclass(frozen=True, kw_only=True)
class StartRequest:
    """One execution environment that wants a process."""

    function: DeployedFunction
    environment_id: str
    environ: Mapping[str, str]
    """The complete environment of the process; nothing of the session's own is to be added."""
    stdout: int
    """File descriptor for the process's standard output. The caller closes its copy after `start` has returned."""
    stderr: int


@dataclass(frozen=True, kw_only=True)
class BuildOutcome:
    """What became of a build."""

    files: frozenset[Path] = frozenset()
    """Every project file that went into it (absolute, resolved); on failure also those that were tried."""
    error: FunctionError | None = None
    """None when the function can be started."""
    duration_ms: float = 0.0


class WorkerProcess(Protocol):
    """A running process, leader of its own process group."""

    @property
    def pid(self) -> int:
        """Process id, and id of the process group."""
        ...

    def signal(self, number: int) -> None:
        """Send a signal to the whole process group; nothing happens when it has ended."""
        ...

    async def wait(self) -> int:
        """Wait for the end: the exit status, or minus the number of the signal, as `subprocess` counts."""
        ...


class Spawn(Protocol):
    """Starts any program so that it cannot outlive the session, not even one killed with `kill -9`."""

    async def __call__(
        self, argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, stdout: int, stderr: int
    ) -> WorkerProcess:
        """Start `argv` as leader of a new session and process group, standard input from `/dev/null`."""
        ...


class Runner(Protocol):
    """A language."""

    async def prepare(self, functions: Sequence[DeployedFunction]) -> None:
        """Get to know all functions of this language; called again with the whole list when one changes."""
        ...

    async def build(self, function: DeployedFunction) -> BuildOutcome:
        """Make a function startable from the files as they are now; called before the first start after each edit."""
        ...

    async def start(self, request: StartRequest) -> WorkerProcess:
        """Start a process for the last build of the function.

        Raises:
            LiveError: The process could not be started; the message is shown to the caller as an init error.
        """
        ...

    def affected_by(self, changed: Collection[Path]) -> Collection[str]:
        """Return ids of functions that an edit concerns besides those known to have loaded one of the files."""
        ...

    async def close(self) -> None:
        """End everything this runner holds."""
        ...
