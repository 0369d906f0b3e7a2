"""The session's end of a supervisor: orders out, reports in, processes as objects."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sundog.errors import LiveError
from sundog.live.worker.start_method import StartMethod

START_FILE = Path(__file__).parent / "child" / "start.py"


class WorkerNotStarted(LiveError):
    """A process that was to run a handler could not be started.

    The reason is the operating system's. Common ones: the program is not installed, too many processes, no memory.
    """

    code = "SD-LIVE-010"


class SupervisedProcess:
    """A process that a supervisor started."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """Process id, and id of the process group."""
        return self._pid

    def signal(self, number: int) -> None:
        """Send a signal to the process group."""
        if self._ended.done():
            return
        try:
            os.killpg(self._pid, number)
        except (ProcessLookupError, PermissionError):
            # Ended, but its supervisor has not said so yet.
            return

    async def wait(self) -> int:
        """Wait for the end."""
        return await asyncio.shield(self._ended)

    def ended(self, status: int) -> None:
        """Note the exit status."""
        if not self._ended.done():
            self._ended.set_result(status)


class SupervisorLink:
    """One supervisor process and what it started."""

    def __init__(
        self,
        interpreter: str,
        *,
        environ: Mapping[str, str],
        start_method: StartMethod,
        worker_options: Mapping[str, object] | None = None,
        log_file: Path,
        on_preloaded: Callable[[dict[str, Any]], None],
        on_lost: Callable[[], None],
    ) -> None:
        """Describe a supervisor; `start` starts it."""
        self._interpreter = interpreter
        self._environ = environ
        self._start_method = start_method
        self._worker_options = dict(worker_options or {})
        self._log_file = log_file
        self._on_preloaded = on_preloaded
        self._on_lost = on_lost
        self._socket: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._starting: dict[int, asyncio.Future[SupervisedProcess]] = {}
        self._running: dict[int, SupervisedProcess] = {}
        self._outgoing: deque[tuple[bytes, list[int]]] = deque()
        self._incoming = b""
        self._last_id = 0
        self._is_retired = False
        self._reaping: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the supervisor while it runs."""
        return None if self._process is None else self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def alive(self) -> bool:
        """Whether it takes orders."""
        return self._socket is not None

    def start(self) -> None:
        """Start the supervisor."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        options = json.dumps({**self._worker_options, "mode": self._start_method, "parent": os.getpid()})
        command = [self._interpreter, "-I", str(START_FILE), "supervisor", str(theirs.fileno()), options]
        with theirs, self._open_log() as log:
            try:
                self._process = subprocess.Popen(
                    command,
                    env=dict(self._environ),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerNotStarted(
                    f"`{self._interpreter}` cannot be started",
                    why=str(error),
                    fix="set `python` in [tool.sundog] to the interpreter of the project",
                ) from error
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._socket = ours
        asyncio.get_running_loop().add_reader(ours, self._readable)

    def _open_log(self) -> BinaryIO:
        try:
            self._log_file.parent.mkdir(parents=True, exist_ok=True)
            return self._log_file.open("ab")
        except OSError as error:
            raise WorkerNotStarted(
                f"`{self._log_file}` cannot be written",
                why=str(error),
                fix="make the folder writable, and free some space if the disk is full",
            ) from error

    def preload(self, modules: Sequence[str], sdk_files: Sequence[str]) -> None:
        """Order the import of third-party modules, and of what the SDK reads, for all processes forked from now on."""
        self._send({"order": "preload", "modules": list(modules), "sdk_files": list(sdk_files)}, [])

    async def spare(self, descriptor: int) -> SupervisedProcess:
        """Start a worker that waits on the given socket for its assignment."""
        return await self._start({"order": "spare"}, [descriptor])

    async def spawn(
        self, argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, stdout: int, stderr: int
    ) -> SupervisedProcess:
        """Start any program."""
        order = {"order": "spawn", "argv": list(argv), "environ": dict(environ), "cwd": str(cwd)}
        return await self._start(order, [stdout, stderr])

    def retire(self) -> None:
        """End the supervisor as soon as everything it started has ended."""
        self._is_retired = True
        self._end_when_unused()

    def close(self) -> None:
        """End the supervisor and everything it started."""
        if self._socket is not None:
            self._lose(notify=False)

    async def closed(self) -> None:
        """Wait until the supervisor has ended."""
        process = self._process
        if process is None:
            return
        # It ends by itself within milliseconds; asyncio can only wait for processes that it started.
        while process.poll() is None:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.005)

    async def _start(self, order: dict[str, Any], descriptors: list[int]) -> SupervisedProcess:
        self._last_id += 1
        started: asyncio.Future[SupervisedProcess] = asyncio.get_running_loop().create_future()
        self._starting[self._last_id] = started
        # The supervisor gets copies; ours may be closed by the caller before they have been sent.
        self._send({**order, "id": self._last_id}, [os.dup(descriptor) for descriptor in descriptors])
        return await started

    def _send(self, order: dict[str, Any], descriptors: list[int]) -> None:
        self._outgoing.append((json.dumps(order).encode() + b"\n", descriptors))
        self._write()

    def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while self._outgoing and self._socket is not None:
            data, descriptors = self._outgoing[0]
            try:
                sent = socket.send_fds(self._socket, [data], descriptors)
            except BlockingIOError:
                loop.add_writer(self._socket, self._write)
                return
            except OSError:
                self._lose(notify=True)
                return
            for descriptor in descriptors:
                os.close(descriptor)
            if sent < len(data):
                self._outgoing[0] = (data[sent:], [])
            else:
                self._outgoing.popleft()
        if self._socket is not None:
            loop.remove_writer(self._socket)
            return
        for _, descriptors in self._outgoing:
            for descriptor in descriptors:
                os.close(descriptor)
        self._outgoing.clear()
        self._fail_starting()

    def _readable(self) -> None:
        assert self._socket is not None  # noqa: S101 - tells the type checker
        try:
            data = self._socket.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lose(notify=True)
            return
        *lines, self._incoming = (self._incoming + data).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def _take(self, report: dict[str, Any]) -> None:
        kind = report["report"]
        if kind == "started":
            process = SupervisedProcess(report["pid"])
            self._running[process.pid] = process
            future = self._starting.pop(report["id"])
            if future.done():
                process.signal(signal.SIGKILL)
            else:
                future.set_result(process)
        elif kind == "exited":
            ended = self._running.pop(report["pid"], None)
            if ended is not None:
                ended.ended(report["status"])
            self._end_when_unused()
        elif kind == "refused":
            future = self._starting.pop(report["id"])
            if not future.done():
                future.set_exception(
                    WorkerNotStarted("a worker process cannot be started", why=report["reason"])
                )
        elif kind == "preloaded":
            self._on_preloaded(report)

    def _end_when_unused(self) -> None:
        if self._is_retired and not self._running and not self._starting:
            self.close()

    def _lose(self, *, notify: bool) -> None:
        if self._socket is None:
            return
        asyncio.get_running_loop().remove_reader(self._socket)
        asyncio.get_running_loop().remove_writer(self._socket)
        self._socket.close()
        self._socket = None
        for process in list(self._running.values()):
            # Its own end takes them along; this is for a supervisor that was killed on a system without that.
            process.signal(signal.SIGKILL)
            process.ended(-signal.SIGKILL)
        self._running.clear()
        self._write()
        if notify:
            # Nobody awaits the end of one that was not told to end: it would stay as a zombie.
            self._reaping = asyncio.create_task(self.closed())
            self._on_lost()

    def _fail_starting(self) -> None:
        for future in self._starting.values():
            if not future.done():
                future.set_exception(
                    WorkerNotStarted(
                        "a worker process cannot be started",
                        why=f"the process that starts workers with `{self._interpreter}` has ended",
                        fix=f"look at `{self._log_file}`",
                    )
                )
        self._starting.clear()
