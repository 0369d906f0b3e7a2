"""Runs a user's `app.py` as `python app.py` would."""

from __future__ import annotations

import atexit
import builtins
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType


def run_app(app_file: str, arguments: Sequence[str], output: int, on_exit: Callable[[], None]) -> None:
    """Run a file as `__main__`, to the end of its threads and exit functions.

    Args:
        app_file: Absolute path.
        arguments: What follows it in `sys.argv`.
        output: File descriptor that takes stdout and stderr.
        on_exit: Called when the app's own code has ended, before the exit functions of libraries.

    Raises:
        BaseException: Whatever the app raises, `SystemExit` with another status than 0 included.
    """
    _redirect(output)
    sys.argv = [app_file, *arguments]
    if not os.environ.get("PYTHONSAFEPATH"):
        sys.path.insert(0, os.path.dirname(os.path.realpath(app_file)))  # noqa: PTH120 - as the interpreter does it
    module = ModuleType("__main__")
    vars(module).update(__file__=app_file, __builtins__=builtins, __cached__=None)
    sys.modules["__main__"] = module
    with open(app_file, "rb") as source:  # noqa: PTH123 - pathlib is not needed to run an app
        code = compile(source.read(), app_file, "exec", dont_inherit=True)
    try:
        exec(code, vars(module))  # noqa: S102 - running the user's app is the purpose
    except SystemExit as error:
        if error.code not in {None, 0}:
            raise
    finally:
        threading._shutdown()  # type: ignore[attr-defined]  # joins the app's threads, as the interpreter does
        on_exit()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()


def _redirect(output: int) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, output), (2, output)):
        os.dup2(source, target)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - lives as long as the process
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
