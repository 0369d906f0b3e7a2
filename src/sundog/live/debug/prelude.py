"""Runs in a Python worker before its handler is imported: connects to the debugger when an editor is attached.

Standard library only, Python 3.9 and later: this file is copied beside the file `debugger.json`, which exists while an
editor is attached, and is executed in the user's interpreter. Without that file it costs one failed `open`.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import threading
from pathlib import Path
from types import ModuleType


def connect_to_debugger(folder: Path) -> None:
    """Connect this process to the adapter that the file in this folder names, and wait for its breakpoints."""
    try:
        settings = json.loads((folder / "debugger.json").read_text("utf-8"))
    except OSError:
        return
    debugpy = _load(Path(settings["debugpy"]))
    # Programs that the handler starts are its own business.
    debugpy.configure(subProcess=False)
    limit = threading.Timer(settings["patience"], _go_on)
    limit.daemon = True
    limit.start()
    try:
        # Returns when the editor has set its breakpoints.
        debugpy.connect(
            (settings["host"], settings["port"]),
            access_token=settings["token"],
            parent_session_pid=settings["parent"],
        )
    except Exception as error:  # noqa: BLE001 - whatever a debugger fails with, the handler is served
        sys.stderr.write(f"the debugger cannot be reached: {error}\n")
    finally:
        limit.cancel()
        os.environ.pop("PYDEVD_DISABLE_FILE_VALIDATION", None)


def _go_on() -> None:
    # An editor that has gone meanwhile must not hold up the function for ever. debugpy has no call for this.
    debugger = sys.modules["_pydevd_bundle.pydevd_constants"].get_global_debugger()
    if debugger is not None:
        debugger.ready_to_run = True


def _load(folder: Path) -> ModuleType:
    # By its place, not through sys.path: the folder it lies in holds all packages of sundog's own environment.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = (
        "1"  # else pydevd warns on standard error about frozen modules
    )
    spec = importlib.util.spec_from_file_location(
        "debugpy", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(str(folder))
    module = importlib.util.module_from_spec(spec)
    sys.modules["debugpy"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "_sundog_prelude":
    connect_to_debugger(Path(__file__).resolve().parent)
