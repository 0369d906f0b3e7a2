"""What a process writes to its standard output and error, as lines that belong to invocations.

Two pipes, read by the event loop. When the runtime hands in its answer, all that the handler wrote before is in the
pipes already, because a write to a pipe is complete when it returns: reading what is there at that moment is the
barrier that keeps every line with its invocation. What a thread or a child process writes between two invocations is
counted to the earlier one.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Callable

from sundog.model.events import Stream

MAX_LINE_BYTES = 256 * 1024
"""Longest line kept whole: the largest event that CloudWatch Logs takes."""
CHUNK_BYTES = 65536

Line = Callable[[Stream, str], None]


class OutputCapture:
    """The two pipes of one process."""

    def __init__(self, on_line: Line) -> None:
        """Open the pipes; needs a running event loop."""
        self._streams = (_Pipe("stdout", on_line), _Pipe("stderr", on_line))

    @property
    def stdout(self) -> int:
        """File descriptor for the process to write to."""
        return self._streams[0].write_end

    @property
    def stderr(self) -> int:
        """File descriptor for the process to write to."""
        return self._streams[1].write_end

    def handed_over(self) -> None:
        """Close this side's copies of what the process writes to."""
        for pipe in self._streams:
            pipe.close_write_end()

    def drain(self) -> None:
        """Read all that has been written up to now; an unfinished line counts as a line."""
        for pipe in self._streams:
            pipe.drain()

    def close(self) -> None:
        """Read the rest and close."""
        for pipe in self._streams:
            pipe.drain()
            pipe.close()


class _Pipe:
    def __init__(self, stream: Stream, on_line: Line) -> None:
        self._stream = stream
        self._on_line = on_line
        self._partial = bytearray()
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self._readable)

    def close_write_end(self) -> None:
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def drain(self) -> None:
        if self._read_end >= 0:
            # As much as is there now and no more: a thread that never stops writing must not hold up the answer.
            waiting = fcntl.ioctl(self._read_end, termios.FIONREAD, b"\0\0\0\0")
            left: int = struct.unpack("i", waiting)[0]
            while left > 0:
                data = os.read(self._read_end, min(left, CHUNK_BYTES))
                if not data:
                    break
                left -= len(data)
                self._take(data)
        if self._partial:
            self._emit(bytes(self._partial))
            self._partial.clear()

    def close(self) -> None:
        self.close_write_end()
        if self._read_end >= 0:
            self._loop.remove_reader(self._read_end)
            os.close(self._read_end)
            self._read_end = -1

    def _readable(self) -> None:
        try:
            data = os.read(self._read_end, CHUNK_BYTES)
        except BlockingIOError:
            return
        if data:
            self._take(data)
        else:
            self._loop.remove_reader(self._read_end)

    def _take(self, data: bytes) -> None:
        self._partial += data
        *lines, rest = bytes(self._partial).split(b"\n")
        for line in lines:
            self._emit(line)
        while len(rest) > MAX_LINE_BYTES:
            self._emit(rest[:MAX_LINE_BYTES])
            rest = rest[MAX_LINE_BYTES:]
        self._partial = bytearray(rest)

    def _emit(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip("\r")
        if text.startswith("[ERROR]"):
            # AWS's runtimes part the lines of one error event by carriage returns.
            text = text.replace("\r", "\n")
        self._on_line(self._stream, text)
