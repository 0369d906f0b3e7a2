"""Errors as text and as JSON: the only place that turns one into either.

error: what went wrong, in one sentence  [SD-AREA-001]
--> the user's file and line

why:  the cause
hint: what to do
docs: sundog explain SD-AREA-001
"""

from __future__ import annotations

import textwrap

from sundog.cli.render.output import Line, Output, line
from sundog.errors import BugError, Cancelled, SeveralErrors, SundogError

_LABEL_WIDTH = 6


def show_error(output: Output, error: SundogError) -> None:
    """Write an error to stderr, and with `--json` as one line of JSON to stdout."""
    if output.as_json:
        output.json({"type": "Error", **error.as_dict()})
        return
    output.talk_lines(error_lines(error, output.width))
    if output.verbosity:
        output.talk_lines(_chain_lines(error))
    if output.verbosity > 1:
        output.talk_lines(line((text, "dim")) for text in _traceback_lines(error))


def error_lines(error: SundogError, width: int) -> list[Line]:
    """Return the lines of an error, wrapped to a width."""
    if isinstance(error, SeveralErrors):
        lines: list[Line] = []
        for heading, single in error.headed():
            lines += [line((heading, "bold"))] if heading is not None else []
            lines += [*error_lines(single, width), line()]
        lines.append(line(("error: ", "red bold"), error.what))
        return [*lines, *_fixes(error, width)]
    if isinstance(error, Cancelled):
        return [line((error.what, "dim"))]
    lines = _headline(error, width)
    if error.where is not None:
        lines.append(line(("  --> ", "cyan"), str(error.where)))
    lines += [line(), *(line(f"  {detail}") for detail in error.details)] if error.details else []
    lines.append(line())
    if error.why:
        lines += _labelled("why:", error.why, width)
    lines += _fixes(error, width)
    lines += _labelled("docs:", f"sundog explain {shown_code(error)}", width)
    return lines


def _fixes(error: SundogError, width: int) -> list[Line]:
    return [piece for fix in error.fixes for piece in _labelled("hint:", fix, width, style="cyan")]


def shown_code(error: SundogError) -> str:
    """Return the code of an error; one that an event described keeps the code it came with."""
    return str(getattr(error, "described_code", error.code))


def _headline(error: SundogError, width: int) -> list[Line]:
    prefix, suffix = "error: ", f"  [{shown_code(error)}]"
    wrapped = [part for text in error.what.splitlines() for part in _wrap(text, width - len(prefix)) or [""]]
    if len(wrapped[-1]) + len(prefix) + len(suffix) > width and len(wrapped[-1].split()) > 1:
        suffix = suffix.strip()
        wrapped.append("")
    first, *rest = wrapped
    texts = [
        line((prefix, "red bold"), (first, "bold")),
        *(line(" " * len(prefix), (text, "bold")) for text in rest),
    ]
    return [*texts[:-1], (*texts[-1], (suffix, "dim"))]


def _labelled(label: str, text: str, width: int, style: str = "dim") -> list[Line]:
    indent = "  " + " " * _LABEL_WIDTH
    parts = [part for paragraph in text.splitlines() for part in _wrap(paragraph, width - len(indent))] or [
        ""
    ]
    first, *rest = parts
    return [line("  ", (label.ljust(_LABEL_WIDTH), style), first), *(line(indent, part) for part in rest)]


def _wrap(text: str, width: int) -> list[str]:
    # Commands and paths are copied from here: they are never broken in the middle.
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _chain_lines(error: SundogError) -> list[Line]:
    lines: list[Line] = []
    cause = error.__cause__
    while cause is not None:
        lines += _labelled("from:", f"{type(cause).__name__}: {cause}", 10_000)
        cause = cause.__cause__
    return lines


def _traceback_lines(error: SundogError) -> list[str]:
    import traceback

    shown = error.__cause__ if isinstance(error, BugError) and error.__cause__ is not None else error
    return "".join(traceback.format_exception(shown)).splitlines()
