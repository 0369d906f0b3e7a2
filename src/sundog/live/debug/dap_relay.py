"""Between an editor and debugpy's adapter: passes every message on and notes what stops and what runs.

One connection is one debug session: the first is the anchor's, each further one a worker's, named by its process id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sundog.live.debug.clock import PauseClock
from sundog.live.debug.dap import DapStream, encode_message

_RESUMING = frozenset(
    {"continue", "next", "stepIn", "stepOut", "stepBack", "goto", "disconnect", "terminate"}
)
_CHUNK_BYTES = 65536


@dataclass
class DapSession:
    """What is known of one debug session, from its messages alone."""

    clock: PauseClock
    title_of: Callable[[int], str | None]
    """Returns the name of the function that a process serves."""
    process_id: int | None = None
    _resuming: set[int] = field(default_factory=set)

    def from_editor(self, message: dict[str, Any]) -> dict[str, Any]:
        """Look at what an editor says, and return what is passed on."""
        if message.get("type") == "request":
            if message.get("command") == "attach":
                self.process_id = (message.get("arguments") or {}).get("subProcessId")
            if message.get("command") in _RESUMING:
                self._resuming.add(message["seq"])
        return message

    def from_adapter(self, message: dict[str, Any]) -> dict[str, Any]:
        """Look at what the adapter says, and return what is passed on."""
        kind = message.get("type")
        if kind == "response" and message.get("request_seq") in self._resuming:
            self._resuming.discard(message["request_seq"])
            if message.get("success"):
                self._resumed()
        elif kind == "event":
            event = message.get("event")
            if event == "stopped" and self.process_id is not None:
                self.clock.pause(self.process_id)
            elif event in {"continued", "terminated", "exited"}:
                self._resumed()
            elif event == "debugpyAttach":
                self._name(message["body"])
        elif kind == "request" and message.get("command") == "startDebugging":
            self._name(message["arguments"]["configuration"])
        return message

    def closed(self) -> None:
        """Note that the session has ended: whatever was paused runs on."""
        self._resumed()

    def _resumed(self) -> None:
        if self.process_id is not None:
            self.clock.resume(self.process_id)

    def _name(self, configuration: dict[str, Any]) -> None:
        process_id = configuration.get("subProcessId")
        title = self.title_of(process_id) if process_id is not None else None
        if title is not None:
            configuration["name"] = f"{title} ({process_id})"


async def relay(
    session: DapSession,
    *,
    first: bytes,
    editor: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    adapter: tuple[asyncio.StreamReader, asyncio.StreamWriter],
) -> None:
    """Pass messages both ways until either side closes.

    Args:
        session: Looks at the messages.
        first: What the editor has already sent.
        editor: The editor's connection.
        adapter: Ours to the adapter.
    """

    async def pump(
        data: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        look: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        stream = DapStream()
        data = data or await reader.read(_CHUNK_BYTES)
        while data:
            for message in stream.feed(data):
                writer.write(encode_message(look(message)))
            await writer.drain()
            data = await reader.read(_CHUNK_BYTES)

    tasks = {
        asyncio.create_task(pump(first, editor[0], adapter[1], session.from_editor)),
        asyncio.create_task(pump(b"", adapter[0], editor[1], session.from_adapter)),
    }
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        adapter[1].close()
        session.closed()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
