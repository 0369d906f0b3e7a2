"""A client of Node's inspector that does what Visual Studio Code's debugger for JavaScript does, for tests."""

from __future__ import annotations

import asyncio
import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import connect

PATIENCE_SECONDS = 60


class InspectorEditor:
    """Attaches to the one Node process and debugs its workers, for the length of an `async with`."""

    def __init__(self, port: int, breakpoints: Mapping[Path, list[int]] | None = None) -> None:
        self.port = port
        self.breakpoints = dict(breakpoints or {})
        """Lines of sources, from 1."""
        self.titles: list[str] = []
        self._replies: dict[tuple[str, int], asyncio.Future[dict[str, Any]]] = {}
        self._paused: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        listing = await asyncio.to_thread(self._get, "/json/list")
        self._connection = await connect(listing[0]["webSocketDebuggerUrl"], max_size=None, proxy=None)
        self._task(self._read())
        await self.call("Debugger.enable")
        await self.call("Runtime.enable")
        await self.call("NodeWorker.enable", {"waitForDebuggerOnStart": True})
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def call(
        self, method: str, parameters: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        self._count += 1
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[(session, self._count)] = reply
        message = {"id": self._count, "method": method, "params": parameters or {}}
        if session:
            self._count += 1
            inner = {"sessionId": session, "message": json.dumps(message)}
            message = {"id": self._count, "method": "NodeWorker.sendMessageToWorker", "params": inner}
        await self._connection.send(json.dumps(message))
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await reply
        assert "error" not in answer, f"`{method}` failed: {answer}"
        return answer["result"]

    async def paused(self) -> tuple[str, dict[str, Any]]:
        """Wait for a worker that stands; give its session and innermost frame."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            session, event = await self._paused.get()
        return session, event["callFrames"][0]

    async def local(self, session: str, frame: dict[str, Any], expression: str) -> Any:
        arguments = {"callFrameId": frame["callFrameId"], "expression": expression, "returnByValue": True}
        return (await self.call("Debugger.evaluateOnCallFrame", arguments, session))["result"].get("value")

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._connection.close()

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}{path}", timeout=PATIENCE_SECONDS
        ) as answer:
            return json.load(answer)

    def _task(self, work: Any) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            parameters = message.get("params", {})
            if message.get("method") == "NodeWorker.attachedToWorker":
                self.titles.append(parameters["workerInfo"]["title"])
                self._task(self._adopt(parameters["sessionId"], parameters["workerInfo"]["url"]))
            elif message.get("method") == "NodeWorker.receivedMessageFromWorker":
                self._take(parameters["sessionId"], json.loads(parameters["message"]))
            else:
                self._take("", message)

    def _take(self, session: str, message: dict[str, Any]) -> None:
        if "id" in message:
            reply = self._replies.pop((session, message["id"]), None)
            if reply is not None:
                reply.set_result(message)
        elif message["method"] == "Debugger.paused":
            self._paused.put_nowait((session, message["params"]))

    async def _adopt(self, session: str, url: str) -> None:
        await self.call("Runtime.enable", session=session)
        await self.call("Debugger.enable", session=session)
        bundle = Path(urllib.request.url2pathname(url.removeprefix("file://")))
        wanted = [(source, line) for source, lines in self.breakpoints.items() for line in lines]
        for source, line in wanted:
            for built in built_lines(bundle, source, line):
                place = {"lineNumber": built, "url": url}
                await self.call("Debugger.setBreakpointByUrl", place, session)
        await self.call("Runtime.runIfWaitingForDebugger", session=session)


def built_lines(bundle: Path, source: Path, line: int) -> list[int]:
    """Return the lines of a bundle, from 0, that come from a line of a source, from 1, by its source map."""
    document = json.loads(bundle.with_name(bundle.name + ".map").read_text())
    wanted = {
        index for index, name in enumerate(document["sources"]) if (bundle.parent / name).resolve() == source
    }
    found: list[int] = []
    index = original = 0
    for number, segments in enumerate(document["mappings"].split(";")):
        for segment in filter(None, segments.split(",")):
            _, *rest = _numbers(segment)
            if rest:
                index, original = index + rest[0], original + rest[1]
                if index in wanted and original == line - 1 and number not in found:
                    found.append(number)
    return found[:1]


def _numbers(segment: str) -> list[int]:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    numbers, value, shift = [], 0, 0
    for letter in segment:
        digit = alphabet.index(letter)
        value += (digit & 31) << shift
        shift += 5
        if not digit & 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return numbers
