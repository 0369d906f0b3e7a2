"""HTTP/1.1 to the session: kept connections, one request at a time on each.

Small on purpose. The standard library's client limits a header to 64 kB, and a function's log comes in a header; and it
takes a third of a millisecond per request, of which an invocation has few.

A kept connection that the session has closed meanwhile is seen before it is used again. A connection that breaks while a
request is under way is never tried again: the handler may have run.
"""

from __future__ import annotations

import select
import socket
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

_LARGEST_HEAD = 64 * 1024 * 1024
_CONNECT_SECONDS = 2.0
_IDLE_SECONDS = 4.0
"""Shorter than the 5 s after which uvicorn closes an idle connection."""


class ConnectionBroken(Exception):
    """The other side closed the connection, or answered what is not HTTP."""


class NotListening(ConnectionBroken):
    """Nobody accepts connections there."""


class DeadlinePassed(Exception):
    """The whole answer did not come in time."""


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes


class ConnectionPool:
    """Connections to one server, shared by all threads."""

    def __init__(self, url: str) -> None:
        """Prepare; nothing is contacted.

        Args:
            url: An `http://host:port/path`; every request goes to that path.
        """
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        target = parts.path or "/"
        self._target = f"{target}?{parts.query}" if parts.query else target
        self._host = parts.netloc
        self._lock = threading.Lock()
        self._idle: list[tuple[socket.socket, float]] = []

    def post(self, headers: dict[str, str], body: bytes, deadline: float | None) -> Answer:
        """Send a request and return the whole answer.

        Args:
            headers: Without the ones about the message itself.
            body: What to send.
            deadline: On `time.monotonic`'s clock; None waits as long as the connection lasts.

        Raises:
            NotListening: The connection was refused.
            ConnectionBroken: It ended before the answer did.
            DeadlinePassed: Time is up.
        """
        connection = self._take()
        try:
            lines = [f"POST {self._target} HTTP/1.1", f"Host: {self._host}", f"Content-Length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            head = "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")
            _limit(connection, deadline)
            connection.sendall(head + body)
            answer, reusable = _Reader(connection, deadline).read_answer()
        except TimeoutError as error:
            connection.close()
            raise DeadlinePassed from error
        except OSError as error:
            connection.close()
            raise ConnectionBroken(str(error)) from error
        except BaseException:
            connection.close()
            raise
        if reusable:
            with self._lock:
                self._idle.append((connection, time.monotonic()))
        else:
            connection.close()
        return answer

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _take(self) -> socket.socket:
        oldest = time.monotonic() - _IDLE_SECONDS
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            # Readable while idle means closed by the other side.
            if since > oldest and not select.select([connection], [], [], 0)[0]:
                return connection
            connection.close()
        try:
            connection = socket.create_connection(self._address, timeout=_CONNECT_SECONDS)
        except OSError as error:
            raise NotListening(str(error)) from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _limit(connection: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        connection.settimeout(None)
        return
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise DeadlinePassed
    connection.settimeout(remaining)


class _Reader:
    """Reads one response."""

    def __init__(self, connection: socket.socket, deadline: float | None) -> None:
        self._connection = connection
        self._deadline = deadline
        self._buffer = bytearray()

    def read_answer(self) -> tuple[Answer, bool]:
        """Return the answer, and whether the connection can be used again."""
        status, headers = self._read_head()
        while status == 100:
            status, headers = self._read_head()
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body = self._read_chunks()
        elif "content-length" in headers:
            body = self._take(int(headers["content-length"]))
        elif status in {204, 304}:
            body = b""
        else:
            while self._fill():
                pass
            return Answer(status, headers, bytes(self._buffer)), False
        return Answer(status, headers, body), headers.get(
            "connection", ""
        ).lower() != "close" and not self._buffer

    def _read_head(self) -> tuple[int, dict[str, str]]:
        head = self._take_through(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.split("\r\n")
        parts = first.split(" ", 2)
        if len(parts) < 2 or not parts[0].startswith("HTTP/1.") or not parts[1].isdigit():
            raise ConnectionBroken(f"not an HTTP response: {first[:80]!r}")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        return int(parts[1]), headers

    def _read_chunks(self) -> bytes:
        body = bytearray()
        while True:
            size = int(self._take_through(b"\r\n").split(b";")[0], 16)
            if not size:
                while self._take_through(b"\r\n"):
                    pass
                return bytes(body)
            body += self._take(size)
            self._take(2)

    def _take(self, count: int) -> bytes:
        while len(self._buffer) < count:
            if not self._fill():
                raise ConnectionBroken("the connection was closed in the middle of the answer")
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _take_through(self, mark: bytes) -> bytes:
        searched = 0
        while (found := self._buffer.find(mark, searched)) < 0:
            searched = max(0, len(self._buffer) - len(mark))
            if len(self._buffer) > _LARGEST_HEAD:
                raise ConnectionBroken("the head of the answer does not end")
            if not self._fill():
                raise ConnectionBroken("the connection was closed before the answer")
        taken = bytes(self._buffer[:found])
        del self._buffer[: found + len(mark)]
        return taken

    def _fill(self) -> bool:
        _limit(self._connection, self._deadline)
        received = self._connection.recv(262144)
        self._buffer += received
        return bool(received)
