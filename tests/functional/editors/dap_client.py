"""A client of the Debug Adapter Protocol that does what Visual Studio Code does, for tests.

`Editor` is the editor: it attaches to the session, and opens a further debug session for each worker that the adapter
announces, with the same breakpoints.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from sundog.live.debug.dap import DapStream, encode_message

PATIENCE_SECONDS = 60


class SessionClosed(AssertionError):
    """The adapter ended before it answered."""


class DapClient:
    """One debug session."""

    def __init__(self) -> None:
        self.events: deque[dict[str, Any]] = deque()
        self.seen: list[str] = []
        self.capabilities: dict[str, Any] = {}
        self._changed = asyncio.Condition()
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._sequence = 0
        self._closed = False

    async def connect(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._reading = asyncio.create_task(self._read())

    async def request(self, command: str, arguments: dict[str, Any] | None = None) -> dict[str, Any]:
        reply = await self.begin(command, arguments)
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await reply
        assert message["success"], f"`{command}` failed: {message}; heard before: {self.seen}"
        return message.get("body") or {}

    async def begin(
        self, command: str, arguments: dict[str, Any] | None = None
    ) -> asyncio.Future[dict[str, Any]]:
        """Send a request whose answer is awaited later."""
        self._sequence += 1
        reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._replies[self._sequence] = reply
        message = {"type": "request", "seq": self._sequence, "command": command, "arguments": arguments or {}}
        self._writer.write(encode_message(message))
        await self._writer.drain()
        return reply

    async def event(self, name: str) -> dict[str, Any]:
        """Wait for an event; others stay for whoever waits for them."""

        def found() -> bool:
            return self._closed or any(event["event"] == name for event in self.events)

        try:
            async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
                await self._changed.wait_for(found)
        except TimeoutError:
            raise AssertionError(f"no event `{name}`; heard: {self.seen}") from None
        for event in self.events:
            if event["event"] == name:
                self.events.remove(event)
                return event.get("body") or {}
        raise AssertionError(f"the session closed without the event `{name}`; heard: {self.seen}")

    async def close(self) -> None:
        self._writer.close()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _read(self) -> None:
        stream = DapStream()
        try:
            while data := await self._reader.read(65536):
                for message in stream.feed(data):
                    await self._take(message)
        finally:
            async with self._changed:
                self._closed = True
                for reply in self._replies.values():
                    reply.set_exception(SessionClosed(f"the session closed; heard: {self.seen}"))
                self._changed.notify_all()

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "response":
            self.seen.append(f"response {message['command']} {message['success']}")
            self._replies.pop(message["request_seq"]).set_result(message)
        elif message["type"] == "event":
            self.seen.append(f"event {message['event']}")
            async with self._changed:
                self.events.append(message)
                self._changed.notify_all()


class Editor:
    """An editor with breakpoints; it attaches at the beginning of an `async with`, and closes its connections at the end."""

    def __init__(
        self, port: int, breakpoints: Mapping[Path, list[int]] | None = None, *, adopts_workers: bool = True
    ) -> None:
        self.port = port
        self.adopts_workers = adopts_workers
        self.breakpoints = dict(breakpoints or {})
        self.root = DapClient()
        self.workers: list[DapClient] = []
        self.names: list[str] = []
        self._stopped: asyncio.Queue[tuple[DapClient, dict[str, Any]]] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        address = {"host": "127.0.0.1", "port": self.port}
        try:
            await self._open(self.root, {"connect": address, "name": "Python handlers"})
        except BaseException:
            await self.close()
            raise
        if self.adopts_workers:
            self._task(self._adopt())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def stopped(self) -> Stop:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                client, body = await self._stopped.get()
        except TimeoutError:
            heard = [self.root.seen, *(worker.seen for worker in self.workers)]
            raise AssertionError(f"nothing stopped; heard: {heard}") from None
        return Stop(client, body)

    async def detach(self) -> None:
        """End all sessions, as Stop does for an attached process."""
        for client in [*self.workers, self.root]:
            await client.request("disconnect", {"terminateDebuggee": False})

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in [*self.workers, self.root]:
            await client.close()

    def _task(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)

    async def _open(self, client: DapClient, configuration: dict[str, Any]) -> None:
        await client.connect(self.port)
        client.capabilities = await client.request(
            "initialize",
            {"adapterID": "debugpy", "clientID": "vscode", "linesStartAt1": True, "pathFormat": "path"},
        )
        attached = await client.begin("attach", {"type": "debugpy", "justMyCode": True, **configuration})
        await client.event("initialized")
        for file, lines in self.breakpoints.items():
            await client.request(
                "setBreakpoints",
                {"source": {"path": str(file)}, "breakpoints": [{"line": line} for line in lines]},
            )
        await client.request("setExceptionBreakpoints", {"filters": []})
        await client.request("configurationDone")
        async with asyncio.timeout(PATIENCE_SECONDS):
            message = await attached
        assert message["success"], message

    async def _adopt(self) -> None:
        while True:
            # Waits longer than any test: workers come when functions are invoked.
            async with self.root._changed:
                await self.root._changed.wait_for(
                    lambda: any(event["event"] == "debugpyAttach" for event in self.root.events)
                )
            configuration = await self.root.event("debugpyAttach")
            self._task(self._adopt_one(configuration))

    async def _adopt_one(self, configuration: dict[str, Any]) -> None:
        worker = DapClient()
        self.workers.append(worker)
        self.names.append(configuration["name"])
        await self._open(worker, configuration)
        while True:
            async with worker._changed:
                await worker._changed.wait_for(
                    lambda: worker._closed or any(event["event"] == "stopped" for event in worker.events)
                )
            if worker._closed:
                return
            self._stopped.put_nowait((worker, await worker.event("stopped")))


class Stop:
    """A worker at a breakpoint."""

    def __init__(self, client: DapClient, body: dict[str, Any]) -> None:
        self._client = client
        self._thread = body["threadId"]
        self.reason = body["reason"]

    async def place(self) -> tuple[str, int]:
        """The file's name and the line of the innermost frame."""
        frame = await self._frame()
        return Path(frame["source"]["path"]).name, frame["line"]

    async def variables(self) -> dict[str, str]:
        """The local variables of the innermost frame, as the editor shows them."""
        frame = await self._frame()
        scopes = (await self._client.request("scopes", {"frameId": frame["id"]}))["scopes"]
        reference = scopes[0]["variablesReference"]
        variables = (await self._client.request("variables", {"variablesReference": reference}))["variables"]
        return {variable["name"]: variable["value"] for variable in variables}

    async def proceed(self) -> None:
        # What goes on may end before its adapter has answered.
        with suppress(SessionClosed):
            await self._client.request("continue", {"threadId": self._thread})

    async def step(self) -> None:
        """Go to the next line."""
        await self._client.request("next", {"threadId": self._thread})

    async def _frame(self) -> dict[str, Any]:
        return (await self._client.request("stackTrace", {"threadId": self._thread}))["stackFrames"][0]
