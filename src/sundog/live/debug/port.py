"""The one port that editors connect to.

Both protocols begin with the editor, and their first bytes differ: a debug adapter's client sends a header
`Content-Length`, an inspector's an HTTP request. Anything else is refused, and so is a web page: its requests reach only the
inspector's part, which checks Host and Origin.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable

from sundog.errors import BusyError

_CHUNK_BYTES = 65536
_FIRST_BYTES_SECONDS = 10.0

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
OnDap = Callable[[bytes, Connection], Awaitable[None]]


class DebugPortTaken(BusyError):
    """Another program, such as another `sundog dev --debug`, listens on the port for debuggers.

    Editors find the debugger by its port, so it is not chosen anew. `--debug-port` of `sundog dev` and `--sundog-debug-port`
    of pytest set it; `.vscode/launch.json` must name the same.
    """

    code = "SD-LIVE-051"


class DebugPort:
    """Listens, and hands connections to who understands them."""

    def __init__(self, on_dap: OnDap, inspector: Callable[[], tuple[str, int]]) -> None:
        """Describe the port.

        Args:
            on_dap: Serves a debug adapter's client, whose first bytes are given.
            inspector: Returns where the hub for inspectors listens.
        """
        self._on_dap = on_dap
        self._inspector = inspector
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> int:
        """Listen on loopback and return the port.

        Raises:
            DebugPortTaken: Somebody else listens there.
        """
        try:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise DebugPortTaken(
                f"the port `{port}` for debuggers is taken",
                why="another program listens there, perhaps a `sundog dev --debug` or a `pytest --sundog-debug`",
                fix=[
                    "end the other program",
                    f"choose another with `sundog dev --debug-port {port + 1}` or `pytest --sundog-debug-port {port + 1}`",
                    "set the same port in .vscode/launch.json",
                ],
            ) from error
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """Stop to listen and end all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            async with asyncio.timeout(_FIRST_BYTES_SECONDS):
                first = await reader.readexactly(4)
            if first == b"GET ":
                await self._pass_on(first, reader, writer)
            elif first == b"Cont":
                await self._on_dap(first, (reader, writer))
        except (OSError, TimeoutError, EOFError):
            # The other side left, or never said what it wants.
            return
        except asyncio.CancelledError:
            # Streams of asyncio log a cancelled connection as an error; the session's end is none.
            return
        finally:
            writer.close()

    async def _pass_on(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        to_reader, to_writer = await asyncio.open_connection(*self._inspector())
        to_writer.write(first)
        tasks = {
            asyncio.create_task(_copy(reader, to_writer)),
            asyncio.create_task(_copy(to_reader, writer)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            to_writer.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        writer.write(data)
        await writer.drain()
