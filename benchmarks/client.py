"""A small HTTP client: one connection, kept alive, no retries hidden from the clock."""

from __future__ import annotations

import http.client
import socket
import time
from urllib.parse import urlsplit


class Unreachable(Exception):
    """Nobody answered in time."""


class Client:
    """Sends one request after the other to one server."""

    def __init__(self, url: str, *, timeout: float = 10) -> None:
        parts = urlsplit(url)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)

    def get(self, path: str | None = None) -> tuple[int, bytes]:
        """Send a GET; return status and body."""
        return self.request("GET", path)

    def request(self, method: str, path: str | None = None, body: bytes | None = None) -> tuple[int, bytes]:
        """Send a request, on a new connection when the server closed the last one.

        Raises:
            OSError: The server cannot be reached, or it broke off.
        """
        try:
            if self._connection.sock is None:
                self._connection.connect()
                self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.request(method, path or self._path, body)
            response = self._connection.getresponse()
            return response.status, response.read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def until_answers(
    url: str, expected: bytes, *, deadline_seconds: float, pause_seconds: float = 0.002
) -> None:
    """Ask again and again until the answer's body contains the expected bytes.

    Each question has a connection of its own: some servers wait for open ones to end before they restart.

    Raises:
        Unreachable: It did not within the deadline.
    """
    deadline = time.monotonic() + deadline_seconds
    last: object = None
    while (left := deadline - time.monotonic()) > 0:
        client = Client(url, timeout=left)
        try:
            last = client.get()
            if expected in last[1]:
                return
        except ConnectionError as error:
            last = error
        finally:
            client.close()
        time.sleep(pause_seconds)
    raise Unreachable(f"{url} did not answer {expected!r} within {deadline_seconds} s; last: {last!r}")
