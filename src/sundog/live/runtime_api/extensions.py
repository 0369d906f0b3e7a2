"""The Extensions API, as far as runtimes themselves use it.

Go's runtime registers an internal extension to be told of the end. External extensions, which come in layers, are not
run by `sundog dev`.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sundog.live.http import Request, Response
from sundog.live.runtime_api.machine import ACCEPTED, JSON, refusal

PREFIX = "/2020-01-01/extension"
ID_HEADER = "lambda-extension-identifier"


class Extensions:
    """Extensions of one environment."""

    def __init__(self, describe: Callable[[], Mapping[str, str]]) -> None:
        """Take what returns the function's name, version and handler."""
        self._describe = describe
        self._queues: dict[str, asyncio.Queue[dict[str, Any]]] = {}
        self._wanted: dict[str, frozenset[str]] = {}

    @property
    def registered(self) -> bool:
        """Whether there is any."""
        return bool(self._queues)

    def routes(self) -> dict[tuple[str, str], Callable[[Request], Awaitable[Response]]]:
        """Return the endpoints."""
        return {
            ("POST", f"{PREFIX}/register"): self._register,
            ("GET", f"{PREFIX}/event/next"): self._next,
            ("POST", f"{PREFIX}/init/error"): self._error,
            ("POST", f"{PREFIX}/exit/error"): self._error,
        }

    def invoked(self, request_id: str, deadline_ms: int, function_arn: str, trace_id: str | None) -> None:
        """Tell those that asked for it of an invocation."""
        self._send(
            "INVOKE",
            {
                "deadlineMs": deadline_ms,
                "requestId": request_id,
                "invokedFunctionArn": function_arn,
                "tracing": {"type": "X-Amzn-Trace-Id", "value": trace_id or ""},
            },
        )

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Tell those that asked for it that the environment ends."""
        self._send("SHUTDOWN", {"shutdownReason": reason, "deadlineMs": deadline_ms})

    def _send(self, kind: str, event: dict[str, Any]) -> None:
        for identity, queue in self._queues.items():
            if kind in self._wanted[identity]:
                queue.put_nowait({"eventType": kind, **event})

    async def _register(self, request: Request) -> Response:
        if not request.headers.get("lambda-extension-name"):
            return refusal(400, "Extension.InvalidExtensionName", "Lambda-Extension-Name is missing")
        try:
            events = json.loads(request.body or b"{}").get("events", [])
        except (ValueError, AttributeError):
            return refusal(400, "InvalidRequestFormat", "the body is not a JSON object")
        identity = str(uuid.uuid4())
        self._queues[identity] = asyncio.Queue()
        self._wanted[identity] = frozenset(events)
        facts = dict(self._describe())
        if "accountId" not in request.headers.get("lambda-extension-accept-feature", ""):
            facts.pop("accountId", None)
        headers = (*JSON, ("Lambda-Extension-Identifier", identity))
        return Response(status=200, body=json.dumps(facts).encode(), headers=headers)

    async def _next(self, request: Request) -> Response:
        identity = request.headers.get(ID_HEADER, "")
        queue = self._queues.get(identity)
        if queue is None:
            return refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown extension " + identity)
        event = await queue.get()
        headers = (*JSON, ("Lambda-Extension-Event-Identifier", str(uuid.uuid4())))
        return Response(status=200, body=json.dumps(event).encode(), headers=headers)

    async def _error(self, request: Request) -> Response:
        if request.headers.get(ID_HEADER, "") not in self._queues:
            return refusal(403, "Extension.UnknownExtensionIdentifier", "Unknown extension")
        return ACCEPTED
