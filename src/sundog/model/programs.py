"""Running another program to its end, for what it does and for what it says when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

_SHOWN = 30
_LOOK_SECONDS = 0.1
"""How often somebody who waits for a program looks whether it is still wanted."""

UNWANTED: ContextVar[threading.Event | None] = ContextVar("unwanted", default=None)
"""Set when nobody waits any more for what this thread does; None where Ctrl-C arrives as an exception."""


class Unwanted(BaseException):
    """Nobody waits any more for what a thread of `threads.in_thread` does."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A program that has ended."""

    status: int
    output: str
    """What it wrote, to both of its streams unless they were asked for apart."""
    errors: str = ""
    """What it wrote to standard error, when the streams were asked for apart."""

    @property
    def last_lines(self) -> list[str]:
        """What an error shows of its output."""
        return self.output.strip().splitlines()[-_SHOWN:]


def check_wanted() -> None:
    """Look whether somebody still waits for what this thread does.

    Raises:
        Unwanted: The task that waits for this thread is cancelled.
    """
    stop = UNWANTED.get()
    if stop is not None and stop.is_set():
        raise Unwanted


def run_program(
    command: Sequence[str | Path] | str,
    *,
    folder: Path | str,
    environ: Mapping[str, str],
    text: str = "",
    apart: bool = False,
    limit_seconds: float | None = None,
) -> Ended:
    """Run a program, and end it when nobody waits for it any more.

    In a thread of `threads.in_thread` it has a process group of its own: it does not get the terminal's Ctrl-C, which it would
    report as a failure, and is ended with all that it started. Elsewhere it stays in the group of this process, which
    somebody may end as a whole.

    Args:
        command: The program and its arguments, or a line for the shell.
        folder: Where it runs.
        environ: Its whole environment.
        text: What it finds on its standard input.
        apart: Whether its two streams are returned apart.
        limit_seconds: How long it may take; without one as long as it wants.

    Raises:
        OSError: It cannot be started.
        TimeoutError: It took too long, and was ended.
        Unwanted: The task that waits for this thread is cancelled.
    """
    leads = UNWANTED.get() is not None
    with subprocess.Popen(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=leads,
    ) as process:
        try:
            output, errors = _outcome(process, text, limit_seconds)
        except BaseException:
            if leads:
                end_group(process.pid)
            else:
                process.kill()
            raise
    return Ended(status=process.returncode, output=output, errors=errors or "")


def end_group(leader: int) -> None:
    """Kill what is left of the process group that a program leads."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Nothing is left; macOS reports that as a lack of permission when only zombies are.
        return


def _outcome(
    process: subprocess.Popen[str], text: str, limit_seconds: float | None
) -> tuple[str, str | None]:
    given: str | None = text
    begun = time.monotonic()
    while True:
        check_wanted()
        if limit_seconds is not None and time.monotonic() - begun > limit_seconds:
            raise TimeoutError
        try:
            return process.communicate(given, timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            # It goes on where it was; input is taken by the first call.
            given = None
