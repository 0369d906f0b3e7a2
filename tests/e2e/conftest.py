"""`sundog dev` as a user runs it: a process, its output, HTTP."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "notes"
TRIALS = Path(__file__).parent / "app"
READY_SECONDS = 120
"""On a fresh machine the first start makes the emulator's environment."""


class Dev:
    """A `sundog dev --json` that runs, and what it printed."""

    def __init__(
        self,
        root: Path,
        *options: str,
        environ: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
    ) -> None:
        """Start one.

        Args:
            root: The project.
            options: What `sundog dev` is given.
            environ: Variables besides this process's own.
            prefix: A command that starts the command, such as one that takes rights away.
        """
        self.root = root
        self.events: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "sundog", "dev", "--json", *options],
            cwd=root,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            with self._news:
                self.lines.append(line)
                if line.startswith("{"):
                    self.events.append(json.loads(line))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    @property
    def output(self) -> str:
        """The last lines, for messages."""
        telling = [line[:1000] for line in self.lines if not line.startswith('{"type":"ResourceProgress"')]
        return "\n".join(telling[-40:])

    def mark(self) -> int:
        """Return a place in the events: `wait_for(since=…)` looks only at later ones."""
        return len(self.events)

    def wait_for(
        self,
        kind: str,
        *,
        since: int = 0,
        seconds: float = 30,
        where: Callable[[dict[str, Any]], bool] | None = None,
    ) -> dict[str, Any]:
        """Return the first event of a kind after a mark that meets a condition."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for event in self.events[since:]:
                    if event["type"] == kind and (where is None or where(event)):
                        return event
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    reason = "it ended" if self._ended else f"{seconds} s went by"
                    raise AssertionError(f"no {kind} event: {reason}; `sundog dev` printed:\n{self.output}")
                self._news.wait(left)

    def wait_until_ready(self) -> Dev:
        """Wait until the session serves."""
        self.wait_for("SessionReady", seconds=READY_SECONDS)
        return self

    @property
    def ready(self) -> dict[str, Any]:
        """The event that said so."""
        return self.wait_for("SessionReady")

    @property
    def api(self) -> str:
        """URL of the API."""
        return str(self.ready["outputs"]["backend"]["ApiUrl"]).rstrip("/")

    def request(self, method: str, path: str, body: object = None, *, user: str = "ada") -> tuple[int, Any]:
        """Send a request to the API; return the status and the body, decoded when it is JSON."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"x-user-id": user, "content-type": "application/json"}
        request = urllib.request.Request(self.api + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, content = response.status, response.read()
        except urllib.error.HTTPError as error:
            with error:
                status, content = error.code, error.read()
        text = content.decode()
        return status, json.loads(text) if text.startswith(("{", "[")) else text

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file of the project, as one save."""
        path = self.root / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")

    def family(self) -> dict[int, str]:
        """Return the command lines of the session's process and all below it."""
        return processes_below(self.process.pid)

    def interrupt(self) -> int:
        """Press Ctrl-C; return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def wait(self, seconds: float = 30) -> int:
        """Wait for the end; return the exit code."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"`sundog dev` did not end within {seconds} s; it printed:\n{self.output}"
            ) from None
        self._reader.join(seconds)
        return code

    def close(self) -> None:
        """End whatever still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        with suppress(ProcessLookupError):  # usually nothing is left, as it should be
            os.killpg(self.process.pid, signal.SIGKILL)
        self._reader.join(20)
        assert self.process.stdout is not None
        self.process.stdout.close()


def processes_below(root: int) -> dict[int, str]:
    """Return the command lines of a process and its descendants, by process id."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=", "-o", "ppid=", "-o", "command="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    children: dict[int, list[int]] = {}
    commands: dict[int, str] = {}
    for line in listing.splitlines():
        pid, parent, command = line.split(None, 2)
        commands[int(pid)] = command
        children.setdefault(int(parent), []).append(int(pid))
    found: dict[int, str] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if pid in commands:
            found[pid] = commands[pid]
        waiting += children.get(pid, [])
    return found


def wait_until(condition: Callable[[], object], message: Callable[[], str], *, seconds: float = 20) -> Any:
    """Return the condition's value as soon as it is true."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.05)
    raise AssertionError(message())


def alive(pids: dict[int, str]) -> dict[int, str]:
    """Return those that still run; a zombie that nobody has waited for does not."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=", "-o", "stat=", "-o", "command="],
        capture_output=True,
        text=True,
        check=True,
    )
    running = {}
    for line in listing.stdout.splitlines():
        pid, state, command = line.split(None, 2)
        # The number may have been given to another process meanwhile: the command tells.
        if int(pid) in pids and not state.startswith("Z") and pids[int(pid)] == command:
            running[int(pid)] = command
    return running


@pytest.fixture(scope="session")
def files_below() -> Callable[[Path], dict[Path, os.stat_result]]:
    """Look at all files below a folder that others work in: what goes away meanwhile is not there."""

    def files_below(folder: Path) -> dict[Path, os.stat_result]:
        found = {}
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name)
                with suppress(FileNotFoundError):
                    found[path] = path.stat()
        return found

    return files_below


@pytest.fixture
def waiting():
    """The helpers for conditions about processes."""
    return wait_until


@pytest.fixture
def still_alive():
    """Which of some processes still run."""
    return alive


@pytest.fixture(scope="session")
def copy_of_notes(tmp_path_factory) -> Callable[[], Path]:
    """Copy the example into a folder whose path has a space and letters beyond ASCII."""

    def copy() -> Path:
        root = tmp_path_factory.mktemp("e2e") / "Meine Notizen ünïcode ☀"
        ignored = shutil.ignore_patterns(".sundog", "cdk.out", "__pycache__", ".pytest_cache", "node_modules")
        shutil.copytree(EXAMPLE, root, ignore=ignored)
        return root

    return copy


@pytest.fixture
def start_dev(copy_of_notes) -> Iterator[Callable[..., Dev]]:
    """Start sessions that end with the test."""
    started: list[Dev] = []

    def start(root: Path | None = None, *options: str, **how: Any) -> Dev:
        dev = Dev(copy_of_notes() if root is None else root, *options, **how)
        started.append(dev)
        return dev

    yield start
    for dev in started:
        dev.close()


@pytest.fixture(scope="session")
def shared_dev(copy_of_notes) -> Iterator[Dev]:
    """One session for all tests that leave it as they found it."""
    dev = Dev(copy_of_notes())
    try:
        yield dev.wait_until_ready()
    finally:
        dev.close()


@pytest.fixture(scope="session")
def synthesized_trials(tmp_path_factory) -> tuple[Path, Path]:
    """The app of `tests/e2e/app` in a folder, and a copy of all that its first session left there.

    The folder's path is part of what a synth depends on: who puts the copy back into it starts without one.
    """
    root, saved = (
        tmp_path_factory.mktemp("trials") / "Prüfung & co ☂",
        tmp_path_factory.mktemp("trials") / "saved",
    )
    shutil.copytree(TRIALS, root, ignore=shutil.ignore_patterns("__pycache__"))
    dev = Dev(root)
    try:
        dev.wait_until_ready().interrupt()
    finally:
        dev.close()
    shutil.copytree(root, saved, symlinks=True)
    return root, saved


@pytest.fixture(scope="session")
def fresh_trials(synthesized_trials) -> Callable[[], Path]:
    """Put the app back as its first session left it: the next starts without a synth. One session at a time."""
    root, saved = synthesized_trials

    def put_back() -> Path:
        shutil.rmtree(root)
        shutil.copytree(saved, root, symlinks=True)
        return root

    return put_back


@pytest.fixture(scope="module")
def trials(fresh_trials) -> Iterator[Dev]:
    """A session of that app for all tests of a module."""
    dev = Dev(fresh_trials())
    try:
        yield dev.wait_until_ready()
    finally:
        dev.close()
