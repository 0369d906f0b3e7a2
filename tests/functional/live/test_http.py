"""What clients of the Runtime API in other languages need of the server, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sundog.live.http import HttpServer, Request, Response

pytestmark = pytest.mark.anyio


class Seen:
    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.server = HttpServer(self.answer, limit=lambda _: 1000)

    async def answer(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(status=202, body=b"ok")

    async def talk(self, *parts: bytes, until: bytes = b"ok") -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        received = b""
        for part in parts:
            writer.write(part)
            await writer.drain()
        while not received.endswith(until):
            data = await asyncio.wait_for(reader.read(65536), 10)
            received += data
            if not data:
                break
        writer.close()
        await writer.wait_closed()
        return received

    def head(self, *lines: str) -> bytes:
        return "\r\n".join(["POST /x HTTP/1.1", f"Host: {self.server.address}", *lines, "", ""]).encode()


@pytest.fixture
async def seen(anyio_backend: str) -> AsyncIterator[Seen]:
    seen = Seen()
    await seen.server.start()
    yield seen
    seen.server.close()


async def test_chunked_body_with_trailers_is_read(seen: Seen) -> None:
    await seen.talk(
        seen.head("Transfer-Encoding: chunked", "Trailer: Error-Type"),
        b"3\r\nabc\r\n2\r\nde\r\n0\r\nError-Type: Late\r\n\r\n",
    )

    assert seen.requests[0].body == b"abcde"
    assert seen.requests[0].trailers == {"error-type": "Late"}


async def test_client_that_expects_100_is_told_to_go_on(seen: Seen) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", seen.server.port)
    writer.write(seen.head("Content-Length: 3", "Expect: 100-continue"))
    go_on = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.write(b"abc")
    answer = await asyncio.wait_for(reader.readuntil(b"ok"), 10)
    writer.close()
    await writer.wait_closed()

    assert go_on.startswith(b"HTTP/1.1 100 ")
    assert answer.startswith(b"HTTP/1.1 202 ")


async def test_body_over_the_limit_is_read_to_its_end_and_answered(seen: Seen) -> None:
    await seen.talk(seen.head("Content-Length: 5000"), b"x" * 5000)

    assert seen.requests[0].body_too_large
    assert seen.requests[0].body == b""


async def test_header_line_of_a_megabyte_is_taken(seen: Seen) -> None:
    await seen.talk(seen.head("Cause: " + "x" * 1_000_000, "Content-Length: 0"))

    assert len(seen.requests[0].headers["cause"]) == 1_000_000


async def test_two_requests_in_one_piece_are_answered_in_order(seen: Seen) -> None:
    both = seen.head("Content-Length: 1") + b"a" + seen.head("Content-Length: 1") + b"b"
    answer = await seen.talk(both, until=b"ok" + b"")
    for _ in range(100):
        if len(seen.requests) == 2:
            break
        await asyncio.sleep(0.01)

    assert [request.body for request in seen.requests] == [b"a", b"b"]
    assert answer.startswith(b"HTTP/1.1 202 ")


@pytest.mark.parametrize("line", ["Origin: http://evil.example", "Host: evil.example"])
async def test_web_pages_and_foreign_names_are_refused(seen: Seen, line: str) -> None:
    head = seen.head(line, "Content-Length: 0")
    if line.startswith("Host"):
        head = head.replace(f"Host: {seen.server.address}\r\n".encode(), b"")
    answer = await seen.talk(head, until=b"this address")

    assert answer.startswith(b"HTTP/1.1 403 ")
    assert seen.requests == []


async def test_what_is_no_http_is_refused(seen: Seen) -> None:
    answer = await seen.talk(b"hello there\r\n\r\n", until=b"\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400 ")
