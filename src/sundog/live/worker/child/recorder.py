"""Watching what third-party modules do while they are imported.

A module may be imported once in the zygote, for all workers, when that gives the same module as importing it in each
worker would: it must not have looked at environment variables that differ between functions, and must not have
started threads, which a fork does not copy.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

EVERYTHING = "*"


class ImportRecorder:
    """Records environment variables read, and threads started, by module, while it is active."""

    def __init__(self) -> None:
        self.reads: dict[str, set[str]] = {}
        self.threads: set[str] = set()
        self._undo: list[tuple[Any, str, Any]] = []

    def start(self) -> None:
        """Begin to record."""
        recorder = self
        environment: Any = type(os.environ)
        get_item, iterate = environment.__getitem__, environment.__iter__
        start_thread = threading.Thread.start

        def recorded_get(mapping: Any, key: Any) -> Any:
            recorder._note(key if isinstance(key, str) else repr(key))
            return get_item(mapping, key)

        def recorded_iterate(mapping: Any) -> Any:
            recorder._note(EVERYTHING)
            return iterate(mapping)

        def recorded_start(thread: Any) -> None:
            recorder.threads.update(_importing())
            start_thread(thread)

        self._replace(environment, "__getitem__", recorded_get)
        self._replace(environment, "__iter__", recorded_iterate)
        self._replace(threading.Thread, "start", recorded_start)

    def stop(self) -> None:
        """Leave everything as it was."""
        for owner, name, original in self._undo:
            setattr(owner, name, original)
        self._undo.clear()

    def _replace(self, owner: Any, name: str, replacement: Any) -> None:
        self._undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, replacement)

    def _note(self, variable: str) -> None:
        for module in _importing():
            self.reads.setdefault(module, set()).add(variable)


def _importing() -> list[str]:
    """Return the modules that are being executed now, innermost first.

    All of them are concerned: whoever imports a module imports what it does.
    """
    found = []
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            found.append(frame.f_globals.get("__name__", ""))
        frame = frame.f_back
    return found
