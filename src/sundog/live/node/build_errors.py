"""esbuild's errors as Lambda would report them, in the user's terms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sundog.live.node.esbuild_service import BuildMessage
from sundog.model.events import FunctionError
from sundog.model.manifest import SourcePlace

_UNRESOLVED = re.compile(r'Could not resolve "(?P<name>.+)"$')
_PACKAGE = re.compile(r"(?:@[^/]+/)?[^/]+")
_MOST_SHOWN = 10


def function_error(errors: Sequence[BuildMessage]) -> FunctionError:
    """Return the error that callers of the function get until the code builds again."""
    first = errors[0]
    unresolved = _UNRESOLVED.match(first.text)
    if unresolved:
        error_type = "Runtime.ImportModuleError"
        message = f"Error: Cannot find module '{unresolved['name']}'{_advice(unresolved['name'])}"
    else:
        error_type, message = "Runtime.UserCodeSyntaxError", f"SyntaxError: {first.text}"
    frames: list[str] = []
    for index, error in enumerate(errors[:_MOST_SHOWN]):
        frames += _frames(error, with_text=index > 0)
    if len(errors) > _MOST_SHOWN:
        frames.append(f"and {len(errors) - _MOST_SHOWN} more errors")
    place = SourcePlace(file=first.file, line=first.line) if first.file and first.line else None
    return FunctionError(error_type=error_type, message=message, frames=frames, place=place)


def _frames(error: BuildMessage, *, with_text: bool) -> list[str]:
    lines = [error.text] if with_text else []
    if error.file is not None:
        column = "" if error.column is None else f":{error.column + 1}"
        lines.append(f"    at {error.file}:{error.line}{column}")
    if error.line_text is not None and error.line_text.strip():
        lines.append(f"      {error.line_text.strip()}")
    # esbuild's notes explain its own settings; those about a path tell what is in the user's package.
    lines += [f"      {note}" for note in error.notes if "platform" not in note and "external" not in note]
    return lines


def _advice(name: str) -> str:
    if name.startswith((".", "/", "#")):
        return ""
    package = _PACKAGE.match(name)
    return f" (run `npm install {package[0]}`)" if package else ""
