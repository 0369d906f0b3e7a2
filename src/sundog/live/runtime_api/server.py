"""The Runtime API of one execution environment on a loopback port of its own.

One port each: clients build the URL from `AWS_LAMBDA_RUNTIME_API` in different ways, and only a bare `host:port` works
with all of them.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sundog.live.http import HttpServer, Request, Response
from sundog.live.runtime_api.credentials import CREDENTIALS_PATH, CredentialsEndpoint
from sundog.live.runtime_api.extensions import Extensions
from sundog.live.runtime_api.machine import (
    ACCEPTED,
    JSON,
    Fact,
    RuntimeMachine,
    refusal,
    response_limit,
)

PREFIX = "/2018-06-01/runtime"
LOADED_PATH = "/sundog/loaded"
INVOCATION_PATH = re.compile(re.escape(PREFIX) + r"/invocation/([^/]+)/(response|error)")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
TELEMETRY_PATHS = frozenset({"/2022-07-01/telemetry", "/2020-08-15/logs"})
TELEMETRY_REFUSED = Response(
    status=202,
    body=b'{"errorMessage":"Telemetry API is not supported","errorType":"Telemetry.NotSupported"}',
    headers=JSON,
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """What the runtime is given for an invocation."""

    request_id: str
    payload: bytes
    function_arn: str
    deadline_ms: int
    trace_id: str | None = None
    client_context: str | None = None
    cognito_identity: str | None = None
    tenant_id: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of the reply to `next`; what is not known is left out."""
        named = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": self.request_id,
            "Lambda-Runtime-Deadline-Ms": str(self.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": self.function_arn,
            "Lambda-Runtime-Trace-Id": self.trace_id,
            "Lambda-Runtime-Client-Context": self.client_context,
            "Lambda-Runtime-Cognito-Identity": self.cognito_identity,
            "Lambda-Runtime-Aws-Tenant-Id": self.tenant_id,
            **self.extra,
        }
        # A caller may have sent JSON in several lines, which a header cannot have and JSON does not need.
        return tuple((name, CONTROLS.sub(" ", value).strip()) for name, value in named.items() if value)


class RuntimeApi:
    """Serves one environment and tells its owner what the runtime does."""

    def __init__(
        self,
        *,
        on_fact: Callable[[Fact], None],
        on_loaded: Callable[[bytes], None],
        credentials: CredentialsEndpoint,
        describe: Callable[[], Mapping[str, str]],
    ) -> None:
        """Take the owner's callbacks, the credentials to serve, and the function's facts for extensions."""
        self.machine = RuntimeMachine()
        self._on_fact = on_fact
        self._on_loaded = on_loaded
        self._credentials = credentials
        self._extensions = Extensions(describe)
        self._waiting: asyncio.Future[Event] | None = None
        self._http = HttpServer(self._answer, limit=lambda headers: response_limit(dict(headers)))
        self._routes: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
            ("GET", f"{PREFIX}/invocation/next"): self._next,
            ("POST", f"{PREFIX}/init/error"): self._init_error,
            ("GET", f"{PREFIX}/restore/next"): self._restore_next,
            ("POST", f"{PREFIX}/restore/error"): self._init_error,
            ("POST", LOADED_PATH): self._loaded,
            ("GET", CREDENTIALS_PATH): credentials.answer,
            ("GET", "/2018-06-01/ping"): self._ping,
            **self._extensions.routes(),
        }

    @property
    def address(self) -> str:
        """The value of `AWS_LAMBDA_RUNTIME_API`."""
        return self._http.address

    @property
    def extensions(self) -> Extensions:
        """Extensions that the runtime registered."""
        return self._extensions

    async def start(self) -> None:
        """Begin to listen."""
        await self._http.start()

    def close(self) -> None:
        """Stop listening; a runtime that waits for an event loses its connection."""
        self._http.close()

    def give(self, event: Event) -> bool:
        """Hand an event to the waiting runtime; False when none waits."""
        if self._waiting is None or self._waiting.done():
            return False
        self.machine.invoke(event.request_id)
        self._waiting.set_result(event)
        self._waiting = None
        self._extensions.invoked(event.request_id, event.deadline_ms, event.function_arn, event.trace_id)
        return True

    async def _answer(self, request: Request) -> Response:
        path = request.path.partition("?")[0]
        route = self._routes.get((request.method, path))
        if route is not None:
            return await route(request)
        match = INVOCATION_PATH.fullmatch(path)
        if match is not None and request.method == "POST":
            response, fact = self.machine.answer(request, match[1], is_error=match[2] == "error")
            self._tell(fact)
            return response
        if path in TELEMETRY_PATHS and request.method == "PUT":
            return TELEMETRY_REFUSED
        return Response(status=404, body=b"404 page not found\n")

    async def _next(self, _: Request) -> Response:
        waiting: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = waiting
        self._tell(self.machine.next_asked())
        event = await waiting
        return Response(status=200, body=event.payload, headers=event.headers())

    async def _init_error(self, request: Request) -> Response:
        response, fact = self.machine.init_failed(request)
        self._tell(fact)
        return response

    async def _restore_next(self, _: Request) -> Response:
        # Nothing is ever frozen here: a runtime told to start as a snapshot restores at once.
        return Response(status=200, body=b"{}", headers=JSON)

    async def _loaded(self, request: Request) -> Response:
        try:
            self._on_loaded(request.body)
        except (ValueError, KeyError):
            return refusal(400, "InvalidReport", "the list of loaded files cannot be read")
        return ACCEPTED

    async def _ping(self, _: Request) -> Response:
        return Response(status=200, body=b"pong")

    def _tell(self, fact: Fact | None) -> None:
        if fact is not None:
            self._on_fact(fact)


def decoded_error(body: bytes) -> dict[str, object]:
    """Return an error's JSON object; empty when it is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
