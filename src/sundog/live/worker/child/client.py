"""The runtime's side of the Lambda Runtime API over one kept-open socket.

`http.client` costs a millisecond and an import of `email`; the API's replies are few and simple enough for this.
"""

from __future__ import annotations

import socket

PREFIX = "/2018-06-01/runtime"
LOADED_PATH = "/sundog/loaded"
TOO_LARGE = 413


class ApiRefused(Exception):
    """The Runtime API answered with a status that the request does not allow."""


class Client:
    """Requests to one Runtime API, one after the other."""

    def __init__(self, address: str) -> None:
        """Connect to `host:port`."""
        host, _, port = address.rpartition(":")
        self._host = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def next(self, report: bytes | None = None) -> tuple[dict[str, str], bytes]:
        """Wait for the next event; return the reply's headers, names in lower case, and its body.

        Args:
            report: What is loaded now, when that has changed. It goes out in one piece with the request.
        """
        ask = self._request("GET", PREFIX + "/invocation/next")
        if report is None:
            self._socket.sendall(ask)
        else:
            self._socket.sendall(self._request("POST", LOADED_PATH, report) + ask)
            self._reply()
        status, headers, body = self._reply()
        if status != 200:
            raise ApiRefused("next: status %d" % status)
        return headers, body

    def respond(self, request_id: str, body: bytes, content_type: str) -> None:
        """Hand in a result. One that is too large is the platform's to report."""
        path = PREFIX + "/invocation/" + request_id + "/response"
        status, _, reply = self._call("POST", path, body, {"Content-Type": content_type})
        if status not in (202, TOO_LARGE):
            raise ApiRefused("response: status %d: %r" % (status, reply))

    def fail(self, request_id: str, body: bytes, error_type: str, cause: str) -> None:
        """Hand in an error of the handler."""
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error_type}
        if len(cause) < 1 << 20:
            headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause
        status, _, reply = self._call("POST", PREFIX + "/invocation/" + request_id + "/error", body, headers)
        if status not in (202, TOO_LARGE):
            raise ApiRefused("error: status %d: %r" % (status, reply))

    def fail_init(self, body: bytes, error_type: str) -> None:
        """Report that the handler could not be imported."""
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error_type}
        self._call("POST", PREFIX + "/init/error", body, headers)

    def report(self, body: bytes) -> None:
        """Tell the session which files and modules are loaded."""
        self._call("POST", LOADED_PATH, body)

    def _call(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        self._socket.sendall(self._request(method, path, body, headers))
        return self._reply()

    def _request(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> bytes:
        lines = [method + " " + path + " HTTP/1.1", "Host: " + self._host]
        lines += [name + ": " + value for name, value in (headers or {}).items()]
        if method == "POST":
            lines.append("Content-Length: %d" % len(body))
        return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body

    def _reply(self) -> tuple[int, dict[str, str], bytes]:
        end = self._buffer.find(b"\r\n\r\n")
        while end < 0:
            self._receive()
            end = self._buffer.find(b"\r\n\r\n")
        first, *rest = self._buffer[:end].decode("latin-1").split("\r\n")
        headers = {}
        for line in rest:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        total = end + 4 + length
        while len(self._buffer) < total:
            self._receive()
        body = bytes(self._buffer[end + 4 : total])
        del self._buffer[:total]
        return int(first.split(" ", 2)[1]), headers, body

    def _receive(self) -> None:
        data = self._socket.recv(262144)
        if not data:
            raise ConnectionError("the Runtime API closed the connection")
        self._buffer += data
