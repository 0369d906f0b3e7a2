"""Running another program to its end, for what it does and for what it says when it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SHOWN = 30


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A program that has ended."""

    status: int
    output: str
    """What it wrote, to both of its streams."""

    @property
    def last_lines(self) -> list[str]:
        """What an error shows of its output."""
        return self.output.strip().splitlines()[-_SHOWN:]


def run_program(command: Sequence[str] | str, *, folder: Path | str, environ: Mapping[str, str]) -> Ended:
    """Run a program without input.

    Args:
        command: The program and its arguments, or a line for the shell.
        folder: Where it runs.
        environ: Its whole environment.
    """
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    return Ended(status=done.returncode, output=done.stdout)
