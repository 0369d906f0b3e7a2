"""A client of the Language Server Protocol that asks for completions as an editor does, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sundog.live.debug.dap import DapStream, encode_message

PATIENCE_SECONDS = 60


class LanguageClient:
    """An editor with one project open, for the length of an `async with`."""

    def __init__(self, command: Sequence[str | Path], root: Path, settings: dict[str, Any]) -> None:
        """Describe an editor.

        Args:
            command: Starts the language server.
            root: The project's folder.
            settings: The editor's own, by section.
        """
        self._command = command
        self._root = root
        self._settings = settings
        self._replies: dict[int, asyncio.Future[Any]] = {}

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command, cwd=self._root, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._reading = asyncio.create_task(self._read())
        folder = {"uri": self._root.as_uri(), "name": "project"}
        await self.request(
            "initialize",
            {
                "processId": None,
                "rootUri": folder["uri"],
                "workspaceFolders": [folder],
                "capabilities": {"workspace": {"configuration": True, "workspaceFolders": True}},
            },
        )
        await self._send({"method": "initialized", "params": {}})
        return self

    async def __aexit__(self, *_: object) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reading

    async def request(self, method: str, parameters: dict[str, Any]) -> Any:
        number = len(self._replies) + 1
        self._replies[number] = asyncio.get_running_loop().create_future()
        await self._send({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._replies[number]

    async def completions(self, file: Path, text: str) -> list[str]:
        """Open a file with this text, and return what is offered at its end."""
        document = {"uri": file.as_uri(), "languageId": "python", "version": 1, "text": text}
        await self._send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
        lines = text.split("\n")
        place = {"line": len(lines) - 1, "character": len(lines[-1])}
        found = await self.request(
            "textDocument/completion", {"textDocument": {"uri": document["uri"]}, "position": place}
        )
        return [item["label"] for item in found["items"]]

    async def _send(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(encode_message({"jsonrpc": "2.0", **message}))
        await self._process.stdin.drain()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        # Its messages stand in the same frames as a debug adapter's.
        stream = DapStream()
        while data := await self._process.stdout.read(65536):
            for message in stream.feed(data):
                await self._take(message)

    async def _take(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            self._replies[message["id"]].set_result(message.get("result"))
        elif message["method"] == "workspace/configuration":
            wanted = [self._settings.get(item["section"]) for item in message["params"]["items"]]
            await self._send({"id": message["id"], "result": wanted})
        elif "id" in message:
            await self._send({"id": message["id"], "result": None})
