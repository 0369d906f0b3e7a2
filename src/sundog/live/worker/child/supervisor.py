"""The zygote: one single-threaded process that has third-party modules imported and forks workers.

It also starts other programs (Node, a compiled handler) and, where forking is not safe, fresh interpreters. All of them
end with it, and it ends with the session: the kernel closes the session's socket however the session died.

Messages are lines of JSON. Orders: `spare` (one descriptor), `spawn` (two), `preload`. Reports: `started`, `exited`,
`preloaded`, `refused`.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from . import platform
from .preload import preload
from .sdk_data import SdkData
from .spare import become_environment, reset_signals

START = os.path.join(os.path.dirname(os.path.abspath(__file__)), "start.py")


def main(arguments: list[str]) -> None:
    """Run a supervisor, or, in a process that it forked, what that process is for."""
    control = socket.socket(fileno=int(arguments[0]))
    options = json.loads(arguments[1])
    then = Supervisor(control, options).run()
    # In a fork the supervisor's frames are gone by now: the handler's sys.exit ends an ordinary program.
    then()


class Supervisor:
    """Starts processes on order and reports their ends."""

    def __init__(self, control: socket.socket, options: dict[str, Any]) -> None:
        """Take the session's socket and the options: `mode` (fork or spawn), `parent`, and those of a spare."""
        self._control = control
        self._mode = options["mode"]
        self._options = options
        self._baseline = set(sys.modules)
        self._modules: list[str] = []
        self._sdk_data = SdkData()
        self._sdk_files: list[str] = []
        self._children: set[int] = set()
        self._descriptors: list[int] = []
        self._buffer = b""
        self._library = platform.native_library()
        # Not killed at once: it takes its workers' own children along.
        platform.die_with_parent(self._library, options["parent"], signal.SIGTERM)
        # Python objects made so far live as long as the process: a collection must not touch, and so copy, their pages.
        gc.freeze()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, lambda *_: self._end())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._selector = selectors.DefaultSelector()
        self._selector.register(control, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)

    def run(self) -> Callable[[], None]:
        """Serve until the session is gone; in a forked process, return what it is to run."""
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._wake_read:
                    os.read(self._wake_read, 4096)
                    self._reap()
                    continue
                then = self._obey()
                if then is not None:
                    return then

    def _obey(self) -> Callable[[], None] | None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, 65536, 16)
        except ConnectionResetError:
            # The session was killed with reports that it had not read.
            self._end()
        if not data:
            self._end()
        self._descriptors += descriptors
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            order = json.loads(line)
            if order["order"] == "spare":
                then = self._spare(order)
                if then is not None:
                    return then
            elif order["order"] == "spawn":
                self._spawn(order)
            elif order["order"] == "preload":
                self._preload(order)
        return None

    def _spare(self, order: dict[str, Any]) -> Callable[[], None] | None:
        descriptor = self._descriptors.pop(0)
        if self._mode == "spawn":
            options = json.dumps({**self._options, **self._loaded(), "parent": os.getpid()})
            command = [sys.executable, "-I", START, "spare", str(descriptor), options]
            self._popen(order["id"], command, pass_fds=(descriptor,))
            os.close(descriptor)
            return None
        supervisor = os.getpid()
        pid = os.fork()
        if pid:
            os.close(descriptor)
            self._started(order["id"], pid)
            return None
        os.setsid()
        reset_signals()
        platform.die_with_parent(self._library, supervisor)
        self._selector.close()
        self._control.close()
        for leftover in (self._wake_read, self._wake_write, *self._descriptors):
            os.close(leftover)
        return become_environment(
            socket.socket(fileno=descriptor),
            {**self._options, **self._loaded()},
            self._baseline,
            self._library,
            self._sdk_data,
        )

    def _loaded(self) -> dict[str, Any]:
        return {"modules": self._modules, "sdk_files": self._sdk_files}

    def _spawn(self, order: dict[str, Any]) -> None:
        stdout, stderr = self._descriptors.pop(0), self._descriptors.pop(0)
        try:
            self._popen(
                order["id"],
                order["argv"],
                env=order["environ"],
                cwd=order["cwd"],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        finally:
            os.close(stdout)
            os.close(stderr)

    def _popen(self, identity: int, command: list[str], **options: Any) -> None:
        try:
            # Not kept: the supervisor reaps by process id, and Popen forgets a process that it did not wait for.
            process = subprocess.Popen(command, start_new_session=True, **options)
        except OSError as error:
            self._tell({"report": "refused", "id": identity, "reason": str(error)})
            return
        process.returncode = 0
        self._started(identity, process.pid)

    def _preload(self, order: dict[str, Any]) -> None:
        done = preload(order["modules"], self._sdk_data, order["sdk_files"])
        self._modules += [name for name in done["modules"] if name not in self._modules]
        self._sdk_files += [name for name in order["sdk_files"] if name not in self._sdk_files]
        gc.collect()
        gc.freeze()
        self._tell({"report": "preloaded", **done})

    def _started(self, identity: int, pid: int) -> None:
        self._children.add(pid)
        self._tell({"report": "started", "id": identity, "pid": pid})

    def _reap(self) -> None:
        for pid in list(self._children):
            if hasattr(os, "waitid"):
                if not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                    continue
                # Before it is reaped, its id cannot be given to somebody else.
                self._kill_group(pid)
            reaped, status = os.waitpid(pid, os.WNOHANG)
            if reaped:
                self._kill_group(pid)
                self._children.discard(pid)
                self._tell({"report": "exited", "pid": pid, "status": os.waitstatus_to_exitcode(status)})

    def _kill_group(self, pid: int) -> None:
        try:
            os.killpg(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # Already gone; macOS says PermissionError for a group of ended processes.
            return

    def _tell(self, report: dict[str, Any]) -> None:
        try:
            self._control.sendall(json.dumps(report).encode() + b"\n")
        except OSError:
            self._end()

    def _end(self) -> NoReturn:
        for pid in self._children:
            self._kill_group(pid)
        for pid in self._children:
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                # Reaped in the moment before the signal that led here.
                continue
        os._exit(0)
