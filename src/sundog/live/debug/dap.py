"""Messages of the Debug Adapter Protocol: a `Content-Length` header, an empty line, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_END_OF_HEADER = b"\r\n\r\n"
_LENGTH = b"content-length:"
_LONGEST_HEADER = 4096


class NotDap(ValueError):
    """The bytes are not the Debug Adapter Protocol."""


def encode_message(message: dict[str, Any]) -> bytes:
    r"""Return the bytes of a message.

    Example:
        >>> encode_message({"seq": 1})
        b'Content-Length: 10\r\n\r\n{"seq": 1}'
    """
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


@dataclass
class DapStream:
    """Cuts bytes into messages."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[dict[str, Any]]:
        """Add bytes and yield the messages that are complete now.

        Raises:
            NotDap: A header has no length, or does not end.
        """
        self._buffer += data
        while True:
            end = self._buffer.find(_END_OF_HEADER)
            if end < 0:
                if len(self._buffer) > _LONGEST_HEADER:
                    raise NotDap("a header does not end")
                return
            length = _length(bytes(self._buffer[:end]))
            start = end + len(_END_OF_HEADER)
            if len(self._buffer) < start + length:
                return
            body = bytes(self._buffer[start : start + length])
            del self._buffer[: start + length]
            yield json.loads(body)


def _length(header: bytes) -> int:
    for line in header.split(b"\r\n"):
        if line.lower().startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    raise NotDap("a header has no Content-Length")
