"""Shows all Node workers to an editor as threads of one Node process.

An editor attaches to one inspector. Node has a way to debug the worker threads of a process through its inspector, the
`NodeWorker` domain: an event for each new worker, and messages to and from it inside messages. Visual Studio Code asks for
it on every attach. Here the one process is a real but idle Node, and its workers are the execution environments.

An environment started while an editor is attached waits until the editor has set its breakpoints, or until the editor
has had its time.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sundog.live.debug.clock import Attachment, PauseClock
from sundog.live.node.node_runner import DebugTarget

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response

_PATH = "/sundog"
_OWN_ID = 1 << 30
"""Ids of our own requests to a worker; editors count from 1."""
_RELEASE = "Runtime.runIfWaitingForDebugger"
_DEVTOOLS = "devtools://"


class InspectorHub:
    """The inspector that editors see."""

    def __init__(
        self,
        *,
        start_root: Callable[[], Awaitable[str]],
        clock: PauseClock,
        on_attached: Callable[[Attachment], None],
        patience_seconds: float,
    ) -> None:
        """Describe the hub.

        Args:
            start_root: Starts the idle Node and returns the address of its inspector.
            clock: Told which process is paused.
            on_attached: Called when the first editor has attached, and when the last has left.
            patience_seconds: How long an environment waits for an editor.
        """
        self._start_root = start_root
        self._clock = clock
        self._on_attached = on_attached
        self._patience_seconds = patience_seconds
        self._editors: set[_Editor] = set()
        self._server: Server | None = None
        self.public_port = 0
        """The port that editors know, for the addresses in answers."""

    @property
    def attached(self) -> bool:
        """Whether an editor wants to debug environments."""
        return any(editor.enabled for editor in self._editors)

    async def start(self) -> tuple[str, int]:
        """Listen on a port of its own; the public port passes connections on to it."""
        from websockets.asyncio.server import serve

        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._answer_http,
            compression=None,
            max_size=None,
            ping_interval=None,
        )
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return host, port

    async def close(self) -> None:
        """Disconnect all editors."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def attach(self, target: DebugTarget) -> None:
        """Show a new environment to all editors."""
        for editor in [editor for editor in self._editors if editor.enabled]:
            await editor.add(target)

    def _answer_http(self, connection: ServerConnection, request: Request) -> Response | None:
        host = request.headers.get("Host", "")
        origin = request.headers.get("Origin")
        own = {f"{name}:{self.public_port}" for name in ("127.0.0.1", "localhost")}
        if host not in own or (origin is not None and not origin.startswith(_DEVTOOLS)):
            return connection.respond(HTTPStatus.FORBIDDEN, "only editors on this machine may debug\n")
        address = f"127.0.0.1:{self.public_port}{_PATH}"
        if request.path in {"/json", "/json/list"}:
            return _json_response(connection, [_description(address)])
        if request.path == "/json/version":
            return _json_response(connection, {"Browser": "node.js/v24", "Protocol-Version": "1.1"})
        if request.path != _PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "the inspector is at /json/list\n")
        return None

    async def _serve(self, connection: ServerConnection) -> None:
        from websockets.asyncio.client import connect

        root = await self._start_root()
        async with connect(root, compression=None, max_size=None, ping_interval=None, proxy=None) as upstream:
            editor = _Editor(connection, upstream, self._clock, self._patience_seconds, self._enabled)
            self._editors.add(editor)
            try:
                await editor.serve()
            finally:
                self._editors.discard(editor)
                await editor.close()
                if editor.enabled and not self.attached:
                    self._on_attached("left")

    def _enabled(self) -> None:
        if sum(editor.enabled for editor in self._editors) == 1:
            self._on_attached("attached")


class _Editor:
    """One editor's connection, the idle Node behind it, and the workers it sees."""

    def __init__(
        self,
        connection: ServerConnection,
        root: ClientConnection,
        clock: PauseClock,
        patience_seconds: float,
        on_enabled: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._root = root
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._on_enabled = on_enabled
        self._workers: dict[str, _Worker] = {}
        self.enabled = False

    async def serve(self) -> None:
        from websockets.exceptions import ConnectionClosed

        down = asyncio.create_task(self._from_root())
        try:
            async for text in self._connection:
                await self._from_editor(text if isinstance(text, str) else text.decode())
        except ConnectionClosed:
            return
        finally:
            down.cancel()
            await asyncio.gather(down, return_exceptions=True)

    async def add(self, target: DebugTarget) -> None:
        from websockets.exceptions import WebSocketException

        worker = _Worker(target, self, self._clock, self._patience_seconds)
        self._workers[worker.session_id] = worker
        try:
            await worker.connect()
        except (OSError, WebSocketException):
            # It ended at once; its pool reports how.
            del self._workers[worker.session_id]
            return
        info = {
            "workerId": worker.session_id,
            "type": "worker",
            "title": f"{target.title} ({target.process_id})",
            "url": target.bundle.as_uri(),
        }
        await self.event(
            "NodeWorker.attachedToWorker",
            {"sessionId": worker.session_id, "workerInfo": info, "waitingForDebugger": True},
        )

    async def event(self, method: str, parameters: dict[str, Any]) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(json.dumps({"method": method, "params": parameters}))
        except ConnectionClosed:
            # `serve` notices as well, and closes the workers' sessions.
            return

    async def worker_ended(self, worker: _Worker) -> None:
        if self._workers.pop(worker.session_id, None) is not None:
            await self.event("NodeWorker.detachedFromWorker", {"sessionId": worker.session_id})

    async def close(self) -> None:
        workers = list(self._workers.values())
        self._workers.clear()
        for worker in workers:
            await worker.close()

    async def _from_root(self) -> None:
        async for text in self._root:
            await self._connection.send(text)

    async def _from_editor(self, text: str) -> None:
        if '"NodeWorker.' not in text:
            await self._root.send(text)
            return
        message = json.loads(text)
        method, parameters = message.get("method", ""), message.get("params") or {}
        if not method.startswith("NodeWorker."):
            await self._root.send(text)
            return
        await self._connection.send(json.dumps({"id": message["id"], "result": {}}))
        worker = self._workers.get(parameters.get("sessionId", ""))
        if method == "NodeWorker.enable" and not self.enabled:
            self.enabled = True
            self._on_enabled()
        elif method == "NodeWorker.disable":
            self.enabled = False
        elif method == "NodeWorker.sendMessageToWorker" and worker is not None:
            await worker.send(parameters["message"])
        elif method == "NodeWorker.detach" and worker is not None:
            del self._workers[worker.session_id]
            await worker.close()


class _Worker:
    """One environment as one editor sees it."""

    def __init__(
        self, target: DebugTarget, editor: _Editor, clock: PauseClock, patience_seconds: float
    ) -> None:
        self.session_id = str(target.process_id)
        self._target = target
        self._editor = editor
        self._clock = clock
        self._patience_seconds = patience_seconds
        self._connection: ClientConnection | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._released = asyncio.Event()

    async def connect(self) -> None:
        from websockets.asyncio.client import connect

        self._connection = await connect(
            self._target.inspector_url, compression=None, max_size=None, ping_interval=None, proxy=None
        )
        self._tasks = {
            asyncio.create_task(self._receive(self._connection)),
            asyncio.create_task(self._lose_patience()),
        }

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        if _RELEASE in text:
            self._released.set()
        if self._connection is None:
            return
        try:
            await self._connection.send(text)
        except ConnectionClosed:
            # The environment has ended; `_receive` tells the editor.
            return

    async def close(self) -> None:
        """Leave the environment to itself: it must neither stay paused nor wait."""
        for number, method in enumerate(("Debugger.disable", _RELEASE)):
            await self.send(json.dumps({"id": _OWN_ID + number, "method": method}))
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        if self._connection is not None:
            await self._connection.close()
        self._clock.resume(self._target.process_id)

    async def _receive(self, connection: ClientConnection) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            async for data in connection:
                text = data if isinstance(data, str) else data.decode()
                self._note(text)
                await self._editor.event(
                    "NodeWorker.receivedMessageFromWorker", {"sessionId": self.session_id, "message": text}
                )
        except ConnectionClosed:
            # An environment that was killed does not say goodbye.
            pass
        finally:
            self._clock.resume(self._target.process_id)
        await self._editor.worker_ended(self)

    def _note(self, text: str) -> None:
        # The method comes first in Node's events; the rest may hold anything, the user's own strings too.
        start = text[:40]
        if "Debugger.paused" in start:
            self._clock.pause(self._target.process_id)
        elif "Debugger.resumed" in start:
            self._clock.resume(self._target.process_id)

    async def _lose_patience(self) -> None:
        try:
            async with asyncio.timeout(self._patience_seconds):
                await self._released.wait()
        except TimeoutError:
            await self.send(json.dumps({"id": _OWN_ID, "method": _RELEASE}))


def _description(address: str) -> dict[str, str]:
    return {
        "description": "sundog dev",
        "id": "sundog",
        "title": "sundog dev",
        "type": "node",
        "url": "file://",
        "devtoolsFrontendUrl": f"devtools://devtools/bundled/js_app.html?experiments=true&v8only=true&ws={address}",
        "webSocketDebuggerUrl": f"ws://{address}",
    }


def _json_response(connection: ServerConnection, value: object) -> Response:
    response = connection.respond(HTTPStatus.OK, json.dumps(value))
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = "application/json; charset=UTF-8"
    return response
