"""The packets that esbuild's binary exchanges with its host on standard input and output.

esbuild's own JavaScript package speaks this to the same binary; speaking it here saves a Node process of 45 MB and one
hop per build. The format belongs to one version of esbuild, and ours is pinned exactly: the first packet names the
version, and `EsbuildService` refuses another.

A packet is a little-endian length, an id shifted left by one whose lowest bit says "this is a response", and one value:
null, boolean, 32-bit integer, text, bytes, list, or table with text keys.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Value: TypeAlias = "bool | int | str | bytes | list[Value] | dict[str, Value] | None"

_LENGTH = struct.Struct("<I")
_NULL, _BOOLEAN, _INTEGER, _TEXT, _BYTES, _LIST, _TABLE = range(7)


@dataclass(frozen=True, kw_only=True)
class Packet:
    """One request, or the response to it."""

    id: int
    is_request: bool
    value: Value


def encode_packet(packet: Packet) -> bytes:
    """Return the bytes of a packet, its length in front.

    Example:
        >>> encode_packet(Packet(id=1, is_request=False, value=True)).hex()
        '06000000030000000101'
    """
    body = bytearray(_LENGTH.pack(packet.id << 1 | (not packet.is_request)))
    _write(body, packet.value)
    return _LENGTH.pack(len(body)) + body


def decode_packet(body: bytes) -> Packet:
    """Return the packet in a body without its length."""
    (number,) = _LENGTH.unpack_from(body)
    value, _ = _read(body, 4)
    return Packet(id=number >> 1, is_request=not number & 1, value=value)


@dataclass
class PacketStream:
    """Cuts what was read from the binary into the bodies of packets."""

    _buffer: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Add bytes and yield the bodies that are complete now."""
        self._buffer += data
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            body = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield body


def _write(out: bytearray, value: Value) -> None:
    match value:
        case None:
            out.append(_NULL)
        case bool():
            out += bytes((_BOOLEAN, value))
        case int():
            out.append(_INTEGER)
            out += struct.pack("<i", value)
        case str():
            out.append(_TEXT)
            _write_sized(out, value.encode())
        case bytes():
            out.append(_BYTES)
            _write_sized(out, value)
        case list():
            out.append(_LIST)
            out += _LENGTH.pack(len(value))
            for item in value:
                _write(out, item)
        case dict():
            out.append(_TABLE)
            out += _LENGTH.pack(len(value))
            for key, item in value.items():
                _write_sized(out, key.encode())
                _write(out, item)


def _write_sized(out: bytearray, data: bytes) -> None:
    out += _LENGTH.pack(len(data))
    out += data


def _read(body: bytes, at: int) -> tuple[Value, int]:
    kind = body[at]
    at += 1
    if kind == _NULL:
        return None, at
    if kind == _BOOLEAN:
        return bool(body[at]), at + 1
    (number,) = struct.unpack_from("<i", body, at)
    at += 4
    if kind == _INTEGER:
        return number, at
    if kind == _TEXT:
        return body[at : at + number].decode(errors="replace"), at + number
    if kind == _BYTES:
        return body[at : at + number], at + number
    if kind == _LIST:
        items: list[Value] = []
        for _ in range(number):
            item, at = _read(body, at)
            items.append(item)
        return items, at
    table: dict[str, Value] = {}
    for _ in range(number):
        (size,) = _LENGTH.unpack_from(body, at)
        at += 4
        key = body[at : at + size].decode()
        table[key], at = _read(body, at + size)
    return table, at
