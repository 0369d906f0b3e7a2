"""The few things that the parent asks of the launcher, over HTTP below `/_sundog/`.

The guard has checked the control token before a request comes here.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from .guard import Receive, Scope, Send

Action: TypeAlias = Callable[[Any], Awaitable[Any]]
"""Takes the request's JSON, returns the answer's."""


class Control:
    """An ASGI application of POST-only actions."""

    def __init__(self, actions: dict[str, Action]) -> None:
        """Serve actions by the last part of the path."""
        self._actions = actions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4404})
            return
        action = self._actions.get(scope["path"].rpartition("/")[2])
        body = await _body(receive)
        if action is None or scope["method"] != "POST":
            await _answer(send, 404, {"error": "no such action"})
            return
        try:
            answer = await action(json.loads(body or b"null"))
        except Exception as error:  # noqa: BLE001 - the parent tells the user; the launcher goes on
            await _answer(send, 500, {"error": f"{type(error).__name__}: {error}"})
            return
        await _answer(send, 200, answer)


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(send: Send, status: int, content: Any) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
