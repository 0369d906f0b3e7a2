"""Run a command line: the one place where every error ends, and where an exit code is made.

Exit codes: 0 done · 1 it failed · 2 the command line is wrong · 3 the project's configuration is wrong · 4 AWS or the
credentials failed · 5 somebody else holds what is needed · 70 a defect of sundog · 130 Ctrl-C · 141 the reader of stdout
went away · 143 told to end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sundog.cli.render.help import ASKS_FOR_OVERVIEW, overview
from sundog.cli.render.output import Output

if TYPE_CHECKING:
    from sundog.cli.here import Surroundings
    from sundog.errors import SundogError

BROKEN_PIPE = 141


def run(
    arguments: Sequence[str],
    *,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> int:
    """Run one command and return the exit code of the process."""
    as_json, verbosity = _peek(arguments)
    output = Output(
        stdout=stdout or sys.stdout,
        stderr=stderr or sys.stderr,
        environ=environ,
        as_json=as_json,
        verbosity=verbosity,
    )
    try:
        if tuple(arguments) in ASKS_FOR_OVERVIEW:
            output.data(overview())
            return 0
        return _run(list(arguments), environ, cwd, output)
    except BrokenPipeError:
        # Whoever read our output has seen enough: `sundog logs | head`. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return BROKEN_PIPE


def _run(arguments: list[str], environ: Mapping[str, str], cwd: Path | None, output: Output) -> int:
    import click

    from sundog.cli.click_errors import from_click
    from sundog.cli.here import Surroundings
    from sundog.errors import Cancelled, SundogError

    try:
        surroundings = Surroundings(environ=environ, cwd=cwd or Path.cwd(), output=output)
    except FileNotFoundError:
        from sundog.cli.errors import FolderGone

        gone = FolderGone(
            "the current folder no longer exists", fix='run `cd "$PWD"`, or `cd` to another folder'
        )
        return _shown(output, gone)
    try:
        _call(arguments, surroundings)
    except click.exceptions.Exit as wanted:
        return wanted.exit_code
    except BrokenPipeError:
        raise
    except (KeyboardInterrupt, click.Abort):
        return _shown(output, Cancelled("cancelled"))
    except click.ClickException as error:
        return _shown(output, from_click(error, arguments))
    except SundogError as error:
        return _shown(output, error)
    except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - the last resort: whatever is left is a defect of ours, and is said to be one
        return _shown(output, _bug(error, arguments, surroundings))
    return 0


def _call(arguments: list[str], surroundings: Surroundings) -> None:
    from sundog.cli.group import sundog

    # Not `sundog.main()`: it answers a closed pipe and Ctrl-C in its own way.
    with sundog.make_context("sundog", arguments, obj=surroundings) as context:
        sundog.invoke(context)


def _shown(output: Output, error: SundogError) -> int:
    from sundog.cli.render.errors import show_error
    from sundog.errors import SeveralErrors

    show_error(output, error)
    return error.worst_exit_code if isinstance(error, SeveralErrors) else error.exit_code


def _bug(error: BaseException, arguments: list[str], surroundings: Surroundings) -> SundogError:
    from sundog.cli.bug_report import report_bug

    return report_bug(error, arguments, environ=surroundings.environ, cwd=surroundings.cwd)


def _peek(arguments: Sequence[str]) -> tuple[bool, int]:
    """Read `--json` and `-v` before click does: a wrong command line is reported in the form that it asked for."""
    own = list(arguments[: arguments.index("--")]) if "--" in arguments else list(arguments)
    verbosity = sum(
        1 if word == "--verbose" else word.count("v")
        for word in own
        if word == "--verbose" or (word.startswith("-v") and set(word[1:]) == {"v"})
    )
    return "--json" in own, verbosity
