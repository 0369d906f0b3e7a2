"""Importing third-party modules ahead of the workers that need them."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

from .platform import thread_count
from .recorder import ImportRecorder
from .sdk_data import SdkData


def preload(names: list[str], sdk_data: SdkData, files: list[str]) -> dict[str, Any]:
    """Import modules and parse files of theirs; report what they did meanwhile.

    A module that cannot be imported on its own is left out: the worker that needs it will say why. The import stops
    at a module that leaves a thread behind, because a process with threads must not be forked.
    """
    recorder = ImportRecorder()
    recorder.start()
    threaded = None
    failed = []
    try:
        for name in names:
            if name in sys.modules:
                continue
            try:
                importlib.import_module(name)
            except BaseException as error:  # noqa: BLE001 - any third-party code may run here, sys.exit included
                failed.append([name, type(error).__name__])
            if thread_count() > 1:
                threaded = name
                break
    finally:
        recorder.stop()
    if threaded is None:
        sdk_data.prepare(files)
    return {
        "modules": [name for name in names if name in sys.modules],
        "failed": failed,
        "reads": {name: sorted(variables) for name, variables in recorder.reads.items()},
        "threads": sorted(recorder.threads),
        "threaded": threaded,
        "folders": folders(),
    }


def folders() -> list[str]:
    """Return the folders whose packages are in use: those for installed packages, and those of loaded modules."""
    found = {path for path in sys.path if _is_installed(path)}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and _is_installed(path):
            found.add(os.path.dirname(path))
    return sorted(found)


def _is_installed(path: str) -> bool:
    return "site-packages" in path or "dist-packages" in path
