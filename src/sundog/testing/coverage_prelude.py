"""Runs in a Python worker before its handler is imported: measures coverage for the test run that started the worker.

Standard library and coverage only, Python 3.9 and later: this file is copied beside `coverage.json`, which says what the
test run measures, and is executed in the interpreter of the functions.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path


def measure(folder: Path) -> None:
    """Begin to measure, and keep what was measured whenever the worker tells of the end of an invocation."""
    settings = json.loads((folder / "coverage.json").read_text("utf-8"))
    try:
        coverage = importlib.import_module("coverage")
    except ImportError:
        sys.stderr.write(
            "coverage is not installed for the interpreter of this function: it is not measured\n"
        )
        return
    measured = coverage.Coverage(
        data_file=settings["data_file"], data_suffix=True, config_file=False, messages=False
    )
    for option, value in settings["options"].items():
        measured.set_option(option, value)
    measured.start()
    runtime = importlib.import_module("_sundog_worker.runtime")
    runtime.BEFORE_TELLING.append(measured.save)


if __name__ == "_sundog_prelude":
    measure(Path(__file__).resolve().parent)
