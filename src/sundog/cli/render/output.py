"""The two streams of a command: data on stdout, talk on stderr; colour and width as the streams allow.

Colour is decoration: every line can be understood without it. `NO_COLOR` turns it off, `FORCE_COLOR` on, and it is on by
default only where a stream is a terminal.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Mapping
from typing import TextIO, TypeAlias

Style: TypeAlias = str
"""`plain`, or words of `_CODES`."""

Line: TypeAlias = tuple[tuple[str, Style], ...]
"""One line as pieces of text, each with a style."""

_CODES = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "magenta": 35,
    "cyan": 36,
    "bright_magenta": 95,
    "bright_cyan": 96,
}
"""ANSI: https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters"""

_NARROWEST = 40
_WIDEST = 120


_WITHOUT_UNICODE = str.maketrans(
    {"✓": "+", "✗": "x", "│": "|", "↻": "~", "▸": ">", "→": ">", "·": "-", "…": "..."}
)


def line(*pieces: str | tuple[str, Style]) -> Line:
    """Make a line of pieces; a bare string is plain."""
    return tuple((piece, "plain") if isinstance(piece, str) else piece for piece in pieces)


def plain_text(pieces: Line) -> str:
    """Return a line without its styles."""
    return "".join(text for text, _ in pieces).rstrip()


class Output:
    """Where a command writes."""

    def __init__(
        self,
        *,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        as_json: bool = False,
        verbosity: int = 0,
    ) -> None:
        """Decide colour and width once.

        Args:
            stdout: For data.
            stderr: For everything else.
            environ: Holds `NO_COLOR`, `FORCE_COLOR`, `TERM`, `COLUMNS`.
            as_json: Data is one line of JSON per event, errors too.
            verbosity: 1 shows more, 2 tracebacks as well.
        """
        for stream in (stdout, stderr):
            # A lone surrogate in a log line, or an ASCII terminal, must not end the command.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self.stdout = stdout
        self.stderr = stderr
        self.as_json = as_json
        self.verbosity = verbosity
        self._writing = threading.Lock()
        self._colour_out = _wants_colour(stdout, environ)
        self._colour_err = _wants_colour(stderr, environ)
        self.is_terminal = stderr.isatty()
        self.width = _width(stderr, environ)

    def data(self, text: str) -> None:
        """Write to stdout."""
        self._write(self.stdout, text)

    def data_line(self, pieces: Line) -> None:
        """Write a styled line to stdout."""
        self.data(_styled(pieces) if self._colour_out else plain_text(pieces))

    def json(self, value: object) -> None:
        """Write a value to stdout as one line of JSON."""
        import msgspec

        self.data(msgspec.json.encode(value, enc_hook=str).decode("utf-8"))

    def talk(self, *pieces: str | tuple[str, Style]) -> None:
        """Write a line to stderr."""
        self.talk_line(line(*pieces))

    def talk_line(self, pieces: Line) -> None:
        """Write a styled line to stderr."""
        text = _styled(pieces) if self._colour_err else plain_text(pieces)
        self._write(self.stderr, text)

    def talk_lines(self, lines: Iterable[Line]) -> None:
        """Write styled lines to stderr."""
        for pieces in lines:
            self.talk_line(pieces)

    def detail(self, text: str) -> None:
        """Write to stderr when `-v` was given."""
        if self.verbosity:
            self.talk((text, "dim"))

    def _write(self, stream: TextIO, text: str) -> None:
        # Installations tell of themselves from threads of their own: two lines must not become one.
        with self._writing:
            stream.write(_printable(text, stream) + "\n")
            stream.flush()


def _wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def _printable(text: str, stream: TextIO) -> str:
    encoding = (getattr(stream, "encoding", None) or "utf-8").lower()
    return text if encoding.startswith("utf") else text.translate(_WITHOUT_UNICODE)


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    columns = environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        width = int(columns)
    elif stream.isatty():
        import shutil

        width = shutil.get_terminal_size((100, 24)).columns
    else:
        width = 100
    return max(_NARROWEST, min(width, _WIDEST))


def _styled(pieces: Line) -> str:
    return "".join(_styled_piece(text, style) for text, style in pieces)


def _styled_piece(text: str, style: Style) -> str:
    if not text or style == "plain":
        return text
    codes = ";".join(str(_CODES[word]) for word in style.split())
    return f"\x1b[{codes}m{text}\x1b[0m"
