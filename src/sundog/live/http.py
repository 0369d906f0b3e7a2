"""A small HTTP/1.1 server on loopback, for programs on this machine only.

The grammar is h11's; this adds what the Runtime API's clients need and general servers do not give: a reply in one
write, requests that may wait for hours, trailers, header lines of a megabyte, a limit on bodies that still lets the
client read the refusal.

Every request must name the server's own address in `Host` and must not come from a web page: a page that a developer
happens to have open can reach loopback ports, but cannot forge these two headers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import h11

logger = logging.getLogger(__name__)

MAX_HEADER_BYTES = 1_200_000
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A whole request. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    trailers: Mapping[str, str] = field(default_factory=dict)
    body_too_large: bool = False
    """The body went over the server's limit and was dropped."""


@dataclass(frozen=True, kw_only=True)
class Response:
    """A whole response."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


Answer: TypeAlias = Callable[[Request], Awaitable[Response]]
Limit: TypeAlias = Callable[[Mapping[str, str]], int]
"""Returns the largest body for a request with these headers."""


class HttpServer:
    """Listens on a loopback port until it is closed."""

    def __init__(self, answer: Answer, *, limit: Limit) -> None:
        """Take the function that answers, and the one that limits bodies."""
        self._answer = answer
        self._limit = limit
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self.port = 0

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{LOOPBACK}:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Begin to listen; port 0 takes any free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connect, LOOPBACK, port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.abort()

    def _connect(self) -> _Connection:
        return _Connection(self._answer, self._limit, self._hosts(), self._connections)

    def _hosts(self) -> frozenset[str]:
        return frozenset({f"{LOOPBACK}:{self.port}", f"localhost:{self.port}"})


class _Connection(asyncio.Protocol):
    def __init__(
        self, answer: Answer, limit: Limit, hosts: frozenset[str], connections: set[_Connection]
    ) -> None:
        self._answer = answer
        self._limit = limit
        self._hosts = hosts
        self._connections = connections
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._transport: asyncio.Transport | None = None
        self._head: h11.Request | None = None
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._dropped = False
        self._allowed = 0
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - tells the type checker
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._advance()

    def eof_received(self) -> bool:
        # A client that only closed its sending side may still read the answer; h11 needs no notice of it.
        return self._task is not None

    def _advance(self) -> None:
        try:
            while self._transport is not None:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    if self._http.they_are_waiting_for_100_continue:
                        go_on = h11.InformationalResponse(status_code=100, headers=[])
                        self._transport.write(self._http.send(go_on) or b"")
                    return
                if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._refuse(error)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._head = event
            self._headers = _decoded(event.headers)
            self._body = bytearray()
            self._dropped = False
            self._allowed = self._limit(self._headers)
        elif isinstance(event, h11.Data):
            if len(self._body) + len(event.data) > self._allowed:
                self._dropped = True
                self._body = bytearray()
            if not self._dropped:
                self._body += event.data
        elif isinstance(event, h11.EndOfMessage):
            assert self._head is not None  # noqa: S101 - tells the type checker
            request = Request(
                method=self._head.method.decode("ascii"),
                path=self._head.target.decode("latin-1"),
                headers=self._headers,
                body=bytes(self._body),
                trailers=_decoded(event.headers),
                body_too_large=self._dropped,
            )
            self._body = bytearray()
            self._task = asyncio.get_running_loop().create_task(self._respond(request))

    async def _respond(self, request: Request) -> None:
        response = await self._guarded(request)
        self._task = None
        if self._transport is None:
            return
        self._send(response)
        if self._http.our_state is h11.MUST_CLOSE:
            self._transport.close()
            return
        self._http.start_next_cycle()
        self._advance()

    async def _guarded(self, request: Request) -> Response:
        if request.headers.get("host") not in self._hosts or "origin" in request.headers:
            return Response(status=403, body=b"only programs on this machine may call this address")
        try:
            return await self._answer(request)
        except Exception:  # the client waits for an answer whatever went wrong, and the log names the defect
            logger.exception("request failed: %s %s", request.method, request.path)
            return Response(status=500)

    def _send(self, response: Response) -> None:
        assert self._transport is not None  # noqa: S101 - tells the type checker
        headers = [*response.headers, ("Content-Length", str(len(response.body)))]
        head = self._http.send(
            h11.Response(
                status_code=response.status,
                headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in headers],
            )
        )
        data = self._http.send(h11.Data(data=response.body)) if response.body else b""
        end = self._http.send(h11.EndOfMessage())
        # One segment: a second small one would wait for the first one's acknowledgement.
        self._transport.write(b"".join((head or b"", data or b"", end or b"")))

    def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._transport is None:
            return
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            self._send(Response(status=error.error_status_hint, headers=(("Connection", "close"),)))
        self._transport.close()


def _decoded(headers: h11._headers.Headers | list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode("ascii").lower(): value.decode("utf-8", "replace") for name, value in headers}
