"""The process that has imported the CDK once and forks a runner for each synth.

It is single-threaded, never starts Node and never runs the app, so it can always answer: a runner that hangs is
killed with its Node child, and the end of the parent, seen as the end of stdin, ends everything. Where fork is not
safe (macOS), the process is a runner itself and serves one synth.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from sundog.constructs.synth_worker.deferred import (
    DeferredKernel,
    import_ahead,
    imported_for_cdk,
    resolve_type_hints_ahead,
)
from sundog.constructs.synth_worker.direct_process import end_with_parent
from sundog.constructs.synth_worker.environment import EnvironmentRecorder
from sundog.constructs.synth_worker.runner import Message, Runner, editable_files, end_group, serve_one

_PRIO_DARWIN_THREAD = 3
_PRIO_DARWIN_BACKGROUND = 0x1000


class Lines:
    """JSON lines on a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._rest = b""
        self._lines: list[bytes] = []

    def read(self) -> list[Message] | None:
        """Return the messages that have arrived, after waiting for some; None at the end of the stream."""
        try:
            data = os.read(self.descriptor, 1 << 20)
        except ConnectionResetError:
            return None
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def next(self) -> Message | None:
        """Return the next message; None at the end of the stream."""
        messages: list[Message] | None = []
        while not messages:
            messages = self.read()
            if messages is None:
                return None
        return messages[0]


def main() -> int:
    """Load what the first line on stdin names, then serve."""
    os.setsid()
    end_with_parent()
    if _has_hung_up(0):
        # It ended before the system was told to end this process with it.
        return 0
    # The protocol has descriptors of its own: what a module prints while it is imported is not an answer.
    commands = Lines(os.dup(0))
    answers = os.dup(1)
    os.dup2(2, 1)

    def send(message: Message) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(answers, json.dumps(message).encode() + b"\n")

    start = commands.next()
    if start is None:
        return 0
    environment = EnvironmentRecorder()
    environment.start()
    deferred = DeferredKernel()
    gc.disable()
    loading = threading.Thread(target=_load, args=(start["modules"], start["type_hints"], start["niceness"]))
    loading.start()
    loading.join()
    gc.enable()
    gc.freeze()
    _return_memory()
    environment.stop()
    runner = Runner(deferred, environment.read)
    send(
        {
            "event": "loaded",
            "modules": imported_for_cdk(),
            "environment": sorted(environment.read - environment.own),
            "files": editable_files(),
        }
    )
    if start["fork"]:
        Zygote(runner, commands, send).serve()
    else:
        prepare = commands.next()
        if prepare is not None and "prepare" in prepare:
            serve_one(runner, prepare["prepare"], commands.next, send)
    end_group()
    return 0


def _has_hung_up(descriptor: int) -> bool:
    """Say whether the other end of a pipe is closed, whatever can still be read from it."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _load(modules: list[str], type_hints: list[str], niceness: int) -> None:
    """Import in a thread of low priority: a priority cannot be raised again, and the synth itself must not wait.

    Linux gives each thread a priority of its own, macOS has one for the background.
    """
    with contextlib.suppress(OSError):  # a system that refuses loads at its usual priority
        if niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        elif niceness and sys.platform == "darwin":
            os.setpriority(_PRIO_DARWIN_THREAD, 0, _PRIO_DARWIN_BACKGROUND)
    import_ahead(modules)
    resolve_type_hints_ahead(type_hints)


def _return_memory() -> None:
    """Give the system back what importing needed for a while; compiling the CDK's sources needs 180 MB."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a C library that has no such function (musl)
            ctypes.CDLL(None).malloc_trim(0)


class Zygote:
    """Forks runners and passes messages between them and the parent."""

    def __init__(self, runner: Runner, commands: Lines, send: Callable[[Message], None]) -> None:
        self._runner = runner
        self._commands = commands
        self._send = send
        self._child = 0
        self._child_lines: Lines | None = None
        self._child_socket: socket.socket | None = None

    def serve(self) -> None:
        """Serve until the parent goes."""
        while True:
            watched: list[Any] = [self._commands.descriptor]
            if self._child_lines is not None:
                watched.append(self._child_lines.descriptor)
            readable, _, _ = select.select(watched, [], [])
            if self._child_lines is not None and self._child_lines.descriptor in readable:
                self._relay()
            if self._commands.descriptor in readable:
                messages = self._commands.read()
                if messages is None:
                    self._end_child()
                    return
                for message in messages:
                    self._obey(message)

    def _obey(self, message: Message) -> None:
        if "prepare" in message:
            self._end_child()
            self._fork(message["prepare"])
        elif "cancel" in message:
            self._end_child()
            self._send({"event": "cancelled"})
        elif self._child_socket is not None:
            with contextlib.suppress(BrokenPipeError):  # its death is seen at its end of the socket
                self._child_socket.sendall(json.dumps(message).encode() + b"\n")

    def _relay(self) -> None:
        messages = self._child_lines.read() if self._child_lines is not None else None
        if messages is None:
            self._send({"event": "died", "status": self._end_child()})
            return
        for message in messages:
            self._send(message)
            if message["event"] not in {"ready", "rehearsed"}:
                self._end_child()

    def _fork(self, prepare: Message) -> None:
        ours, theirs = socket.socketpair()
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            ours.close()
            os.close(self._commands.descriptor)
            _be_runner(self._runner, prepare, theirs, parent)
        theirs.close()
        with contextlib.suppress(OSError):  # the child does the same; one of the two is first
            os.setpgid(child, child)
        self._child, self._child_socket, self._child_lines = child, ours, Lines(ours.fileno())

    def _end_child(self) -> int | None:
        """Kill the runner with its Node child and return the status it ended with."""
        if not self._child:
            return None
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS refuses for a group of zombies
            os.killpg(self._child, signal.SIGKILL)
        _, status = os.waitpid(self._child, 0)
        if self._child_socket is not None:
            self._child_socket.close()
        self._child, self._child_socket, self._child_lines = 0, None, None
        return os.waitstatus_to_exitcode(status)


def _be_runner(runner: Runner, prepare: Message, channel: socket.socket, parent: int) -> None:
    os.setpgid(0, 0)
    end_with_parent()
    if os.getppid() != parent:
        os._exit(0)
    lines = Lines(channel.fileno())

    def send(message: Message) -> None:
        channel.sendall(json.dumps(message).encode() + b"\n")

    try:
        serve_one(runner, prepare, lines.next, send)
    finally:
        end_group()
