"""`sundog run`."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from typing import NoReturn

import click

from sundog.cli.concurrency import run_async
from sundog.cli.errors import CommandNotStarted, MissingArgument
from sundog.cli.functions import find_function, manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command


@command("run")
@click.option("--function", metavar="NAME", help="Be this function: its variables and its role.")
@click.argument("program", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND...")
def run(here: Here, program: tuple[str, ...], *, function: str | None) -> None:
    """Run a command with the app's bindings.

    The command finds what is bound to the app's functions in its environment, as functions do: `sundog_runtime.resources`
    reads it. AWS clients reach the stage's cloud. The command takes the place of sundog: signals, its exit code, its
    terminal are its own.
    """
    if not program:
        raise MissingArgument(
            "`sundog run` was given no command",
            fix="write it after two hyphens: `sundog run -- python script.py`",
        )
    project, stage = here.place()
    manifest = manifest_of(project, stage)
    entry = None if function is None else find_function(manifest, function)

    from sundog.session.bindings import with_variables
    from sundog.session.commands import bound_variables

    bound = run_async(lambda: bound_variables(project, stage, manifest, entry), here.output)
    if bound.conflicts:
        names = ", ".join(bound.conflicts)
        here.output.talk((f"functions have different values of {names}; --function names one", "yellow"))
    _become(program, with_variables(here.environ, bound.variables))


def _become(program: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process by another program.

    Raises:
        CommandNotStarted: There is no such program, or it may not be run.
    """
    path = shutil.which(program[0], path=environ.get("PATH"))
    if path is None:
        raise CommandNotStarted(
            f"`{program[0]}` was not found",
            why="neither the folders of PATH nor this folder have a program of that name that may be run",
            fix="check its name, or give its path: `sundog run -- ./script.sh`",
        )
    if hasattr(signal, "SIGPIPE"):
        # Python ignores it, and a program keeps what is ignored: `… | head` would end with an error instead of in silence.
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        os.execve(path, list(program), dict(environ))  # noqa: S606 - the program is the one that the user named
    except OSError as error:
        raise CommandNotStarted(
            f"`{program[0]}` cannot be started",
            where=path,
            why=error.strerror,
            fix="a script needs a first line that names its interpreter: `#!/bin/sh`",
        ) from error


# What follows the command's name is the command's: `sundog run python -c …` needs no hyphens.
run.allow_interspersed_args = False
