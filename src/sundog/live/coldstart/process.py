"""One import of a handler, in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from sundog.errors import HandlerError, Location
from sundog.model.manifest import FunctionEntry
from sundog.model.programs import run_program

ROUNDS = 5
LONGEST_SECONDS = 120
_SHOWN = 12


class HandlerNotImported(HandlerError):
    """The module of a handler could not be imported, so its cold start cannot be measured.

    It is imported as Lambda does: a Python module from the function's source folder, in the interpreter that `sundog dev`
    uses; a Node module from its bundle, which leaves out what Lambda has, so that the AWS SDK must be installed in the
    project. When the module reads environment variables that only a deployed function has, start `sundog dev` beside, which
    knows them.
    """

    code = "SD-COLDSTART-001"


def run_import(
    command: list[str],
    entry: FunctionEntry,
    environ: Mapping[str, str],
    folder: Path,
    *,
    cause: Callable[[Sequence[str]], str],
    fix: Callable[[str], str | None] = lambda _: None,
) -> str:
    """Run a program that imports a handler and return what it wrote to standard error.

    Args:
        command: The program.
        entry: The function, for messages.
        environ: The whole environment of the process.
        folder: Where it runs.
        cause: Returns the line of a trace that says what is wrong.
        fix: Returns what to do about a cause, when that is not to correct the module.

    Raises:
        HandlerNotImported: The module raised something, or took too long.
    """
    where = Location(entry.file, None, None)
    try:
        done = run_program(command, folder=folder, environ=environ, apart=True, limit_seconds=LONGEST_SECONDS)
    except TimeoutError as error:
        raise HandlerNotImported(
            f"importing the handler `{entry.handler}` took more than {LONGEST_SECONDS} seconds",
            where=where,
            why="Lambda gives an init ten seconds before it starts again",
            fix="look for what waits at the top of the module",
        ) from error
    except OSError as error:
        raise HandlerNotImported(
            f"the interpreter `{command[0]}` cannot be started",
            where=where,
            why=os.strerror(error.errno or 0),
            fix="correct `python` in [tool.sundog]",
        ) from error
    if done.status != 0:
        trace = [line for line in done.errors.splitlines() if not line.startswith("import time:")]
        why = cause(trace) if trace else f"the interpreter ended with status {done.status}"
        raise HandlerNotImported(
            f"the handler `{entry.handler}` could not be imported",
            where=where,
            why=why,
            fix=fix(why) or "correct the module; `sundog dev` shows the same error at the first request",
            details=trace[-_SHOWN:],
        )
    return done.errors
