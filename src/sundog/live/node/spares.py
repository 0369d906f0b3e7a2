"""Node processes that are started before they are needed.

A spare has loaded our runtime client and waits on an IPC channel, Node's own protocol for a child of a Node parent: lines
of JSON, and file descriptors sent beside them. The channel is the spare's standard output until it becomes a function;
`Spawn` has no other descriptor to give, and needs none.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sundog.errors import LiveError
from sundog.live.runner import Spawn, WorkerProcess

CLIENT = Path(__file__).parent / "client" / "start.mjs"

_ANSWER_SECONDS = 10.0


class WorkerLost(LiveError):
    """A Node process ended before it could serve a function.

    It was killed, or the machine is short of memory. The next invocation starts another one.
    """

    code = "SD-LIVE-041"


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """What a spare becomes."""

    bundle: Path
    environ: Mapping[str, str]
    stdout: int
    stderr: int
    inspect: bool = False
    """Whether it opens its inspector and waits for a debugger before it loads the bundle."""


class Spare:
    """One waiting process."""

    def __init__(self, process: WorkerProcess, channel: socket.socket) -> None:
        """Take a process just started and our end of its channel."""
        self.process = process
        self._channel = channel
        self._ended = asyncio.ensure_future(process.wait())

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return not self._ended.done()

    async def become(self, assignment: Assignment) -> str | None:
        """Turn it into a function's environment.

        Returns:
            The address of its inspector, when it was told to open one.

        Raises:
            WorkerLost: It ended instead.
        """
        loop = asyncio.get_running_loop()
        try:
            task = {
                "bundle": str(assignment.bundle),
                "environ": dict(assignment.environ),
                "inspect": assignment.inspect,
            }
            self._channel.setblocking(False)  # noqa: FBT003 - the socket's own signature
            await loop.sock_sendall(self._channel, json.dumps(task).encode() + b"\n")
            for descriptor in (assignment.stdout, assignment.stderr):
                line = json.dumps({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": {}}) + "\n"
                socket.send_fds(self._channel, [line.encode()], [descriptor])
            if not assignment.inspect:
                return None
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await self._inspector_address(loop)
        except (OSError, TimeoutError, EOFError) as error:
            raise WorkerLost(
                "a Node process ended before it could load the handler",
                why=str(error) or None,
                fix="invoke the function again; look for the out-of-memory killer when this repeats",
            ) from error
        finally:
            # The process reads what was sent before it sees the end of the channel.
            self._channel.close()

    async def _inspector_address(self, loop: asyncio.AbstractEventLoop) -> str | None:
        buffer = b""
        while True:
            data = await loop.sock_recv(self._channel, 65536)
            if not data:
                raise EOFError("the channel was closed")
            buffer += data
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                # Node acknowledges each descriptor with a message of its own.
                if "inspector" in (message := json.loads(line)):
                    return str(message["inspector"])

    async def close(self) -> None:
        """Give the process up; it ends when its channel closes."""
        self._channel.close()
        await self._ended


class SparePool:
    """Keeps a few spares for each Node executable."""

    def __init__(self, spawn: Spawn, *, environ: Mapping[str, str], size: int, refill_seconds: float) -> None:
        """Prepare a pool; nothing is started yet.

        Args:
            spawn: Starts processes.
            environ: The environment that spares wait in.
            size: How many wait for each executable.
            refill_seconds: How long after one was taken the next is started: a start is 40 ms of CPU, which the one
                just taken needs more.
        """
        self._spawn = spawn
        self._environ = dict(environ)
        self._size = size
        self._refill_seconds = refill_seconds
        self._waiting: dict[Path, deque[Spare]] = {}
        self._refills: set[asyncio.Task[None]] = set()
        self._closed = False

    async def take(self, node: Path) -> Spare:
        """Return a spare, one that waits or one just started."""
        waiting = self._waiting.setdefault(node, deque())
        spare: Spare | None = None
        while waiting and spare is None:
            candidate = waiting.popleft()
            if candidate.alive:
                spare = candidate
            else:
                await candidate.close()
        self._refill_later(node)
        return spare or await self._start(node)

    async def fill(self, node: Path) -> None:
        """Start spares up to the pool's size."""
        waiting = self._waiting.setdefault(node, deque())
        while len(waiting) < self._size and not self._closed:
            waiting.append(await self._start(node))

    def waiting(self, node: Path) -> int:
        """Return how many spares wait for an executable."""
        return sum(spare.alive for spare in self._waiting.get(node, ()))

    async def close(self) -> None:
        """End all spares."""
        self._closed = True
        for task in self._refills:
            task.cancel()
        await asyncio.gather(*self._refills, return_exceptions=True)
        spares = [spare for waiting in self._waiting.values() for spare in waiting]
        self._waiting.clear()
        await asyncio.gather(*(spare.close() for spare in spares))

    def _refill_later(self, node: Path) -> None:
        if self._refills or self._closed:
            return

        async def refill() -> None:
            await asyncio.sleep(self._refill_seconds)
            await self.fill(node)

        task = asyncio.create_task(refill(), name="node spares")
        self._refills.add(task)
        task.add_done_callback(self._refills.discard)

    async def _start(self, node: Path) -> Spare:
        ours, theirs = socket.socketpair()
        with theirs:
            errors = os.open(os.devnull, os.O_WRONLY)
            try:
                process = await self._spawn(
                    node_command(node),
                    environ={**self._environ, "NODE_CHANNEL_FD": "1"},
                    cwd=CLIENT.parent,
                    stdout=theirs.fileno(),
                    stderr=errors,
                )
            except BaseException:
                ours.close()
                raise
            finally:
                os.close(errors)
        return Spare(process, ours)


def node_command(node: Path) -> list[str]:
    """Return the words that start our runtime client."""
    # The inspector's own line on standard error would be taken for the function's output.
    return [str(node), "--enable-source-maps", "--inspect-publish-uid=http", str(CLIENT)]
