"""Log lines as `sundog logs` shows them, on stdout: they are data."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import msgspec

from sundog.cli.render.output import Output, Style, line
from sundog.cli.render.times import day_and_time
from sundog.store.queries import StoredLog

_COLOURS: tuple[Style, ...] = ("cyan", "magenta", "yellow", "blue", "green", "bright_cyan", "bright_magenta")
_SHORT_ID_LENGTH = 8


class LogPrinter:
    """Writes log lines with their time, function and request."""

    def __init__(self, output: Output, names: Mapping[str, str]) -> None:
        """Write to an output.

        Args:
            output: Where.
            names: What people call the functions, by id.
        """
        self._output = output
        self._names = names

    def show(self, lines: Sequence[StoredLog]) -> None:
        """Write lines."""
        for entry in lines:
            name = self._names.get(entry.function, entry.function)
            if self._output.as_json:
                self._output.json({"type": "LogWritten", **msgspec.to_builtins(entry), "name": name})
                continue
            colour = _COLOURS[zlib.crc32(entry.function.encode()) % len(_COLOURS)]
            request = (entry.request_id or "init")[:_SHORT_ID_LENGTH].ljust(_SHORT_ID_LENGTH)
            self._output.data_line(
                line(
                    (f"{day_and_time(entry.at)}  ", "dim"),
                    (f"{name}  ", colour),
                    (f"{request}  ", "dim"),
                    (entry.text, {"stderr": "yellow", "platform": "dim"}.get(entry.stream, "plain")),
                )
            )

    def say_none(self, *, filtered: bool) -> None:
        """Say that there is nothing to show."""
        self._output.talk(("no recorded line matches" if filtered else "no line has been logged yet", "dim"))
