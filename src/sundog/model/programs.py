"""Running another program to its end, for what it does and for what it says when it fails."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN = 30
_LOOK_SECONDS = 0.1
"""How often somebody who waits for a program looks whether it is still wanted."""


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


def run_program(
    command: Sequence[str | Path] | str,
    *,
    folder: Path | str,
    environ: Mapping[str, str],
    text: str = "",
    apart: bool = False,
    limit_seconds: float | None = None,
) -> Ended:
    """Run a program, and end it with all that it started when nobody waits for it any more.

    That is the case after Ctrl-C, and when this runs in a thread of `anyio.to_thread` whose task is cancelled. The program
    itself does not get the terminal's Ctrl-C, which it would report as a failure.

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
    """
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
        start_new_session=True,
    ) as process:
        try:
            output, errors = _outcome(process, text, limit_seconds)
        except BaseException:
            end_group(process.pid)
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
        _check_wanted()
        if limit_seconds is not None and time.monotonic() - begun > limit_seconds:
            raise TimeoutError
        try:
            return process.communicate(given, timeout=_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            # It goes on where it was; input is taken by the first call.
            given = None


def _check_wanted() -> None:
    # A synth reads this module as well, and starts no program: anyio would be read for nothing.
    import anyio.from_thread

    try:
        anyio.from_thread.check_cancelled()
    except RuntimeError:
        # Nobody's worker thread: Ctrl-C arrives as an exception.
        return
