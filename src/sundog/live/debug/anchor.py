"""The process that an editor attaches to first: it stands for the session and runs no Python code.

An editor attaches to one process and learns of others when the adapter says they are its children. This is the parent:
a debuggee without threads, played by the session itself, to which all workers belong. As long as an editor is attached
to it, new workers are attached as well.
"""

from __future__ import annotations

import asyncio
import platform
import sys
from collections.abc import Callable
from typing import Any

from sundog.live.debug.adapter import Adapter, AdapterNotStarted
from sundog.live.debug.clock import Attachment
from sundog.live.debug.dap import DapStream, encode_message

_CHUNK_BYTES = 65536


class Anchor:
    """Our connection to the adapter as a debuggee."""

    def __init__(self, adapter: Adapter, process_id: int, on_attached: Callable[[Attachment], None]) -> None:
        """Describe the anchor.

        Args:
            adapter: The adapter to belong to.
            process_id: The process id it says it has, and workers say their parent has.
            on_attached: Called when an editor has attached, and when it has left.
        """
        self._adapter = adapter
        self._process_id = process_id
        self._on_attached = on_attached
        self._attachment: Attachment = "left"
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._known = asyncio.Event()
        self._sequence = 0

    @property
    def alive(self) -> bool:
        """Whether the adapter is there."""
        return self._reading is not None and not self._reading.done()

    async def connect(self) -> None:
        """Connect, and wait until the adapter knows this process.

        Raises:
            AdapterNotStarted: The adapter is gone, or is not the one that was started.
        """
        try:
            reader, self._writer = await asyncio.open_connection(*self._adapter.workers)
        except OSError as error:
            raise AdapterNotStarted("debugpy's adapter ended", why=str(error)) from error
        self._reading = asyncio.create_task(self._serve(reader, self._writer), name="debug anchor")
        known = asyncio.create_task(self._known.wait())
        await asyncio.wait({known, self._reading}, return_when=asyncio.FIRST_COMPLETED)
        if not known.done():
            known.cancel()
            raise AdapterNotStarted(
                "debugpy's adapter does not accept the session", why="it closed the connection"
            )

    async def close(self) -> None:
        """Disconnect; the adapter ends when no worker is left."""
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = DapStream()
        try:
            while data := await reader.read(_CHUNK_BYTES):
                for message in stream.feed(data):
                    if message.get("type") == "request":
                        self._sequence += 1
                        writer.write(encode_message(self._reply(message)))
        except ConnectionError:
            return
        finally:
            writer.close()
            self._note("left")

    def _note(self, attachment: Attachment) -> None:
        if attachment != self._attachment:
            self._attachment = attachment
            self._on_attached(attachment)

    def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        command, arguments = request["command"], request.get("arguments") or {}
        reply = {
            "type": "response",
            "seq": self._sequence,
            "request_seq": request["seq"],
            "command": command,
            "success": True,
            "body": self._body(command, arguments),
        }
        if reply["body"] is None:
            reply |= {"success": False, "message": "no Python code runs in the session itself", "body": {}}
        return reply

    def _body(self, command: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        match command:
            case "pydevdAuthorize":
                return {"clientAccessToken": self._adapter.token}
            case "pydevdSystemInfo":
                # The adapter registers the process when it has this answer.
                asyncio.get_running_loop().call_soon(self._known.set)
                return self._system()
            case "setBreakpoints":
                lines = arguments.get("breakpoints") or ()
                return {"breakpoints": [{"verified": True, "line": item["line"]} for item in lines]}
            case "threads":
                return {"threads": []}
            case "configurationDone":
                self._note("attached")
                return {}
            case "disconnect":
                self._note("left")
                return {}
            case "evaluate":
                return None
            case _:
                return {}

    def _system(self) -> dict[str, Any]:
        version = platform.python_version()
        implementation = {"name": "sundog", "version": version, "description": "the session of sundog dev"}
        return {
            "python": {"version": version, "implementation": implementation},
            "platform": {"name": sys.platform},
            "process": {
                "pid": self._process_id,
                "ppid": 0,
                "executable": sys.executable,
                "bitness": 64,
            },
            "pydevd": {"usingCython": False, "usingFrameEval": False},
        }
