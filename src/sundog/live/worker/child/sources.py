"""Importing the project's own modules: always from source, every file that takes part on record.

Python's bytecode cache tells versions apart by whole seconds and size, so that two edits within a second can run the
older one. Project modules are therefore compiled from what is on disk at that moment, and nothing is written into the
user's folders. The record holds a digest of the very bytes that were compiled.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader
from types import CodeType
from typing import Any

SKIPPED = ("site-packages", "dist-packages", "node_modules", ".sundog")


def digest(data: bytes) -> str:
    """Return what two equal files have in common."""
    return hashlib.blake2b(data, digest_size=12).hexdigest()


class SourceRecord:
    """Which project files this process has read for its code."""

    def __init__(self, root: str) -> None:
        """Keep record of files below `root`, virtual environments excluded."""
        self.root = os.path.realpath(root) + os.sep
        self.files: dict[str, str] = {}
        self.reading = False
        self._reported = 0

    def covers(self, path: str) -> bool:
        """Say whether a file belongs to the project."""
        if not path.startswith(self.root):
            path = os.path.realpath(path)
            if not path.startswith(self.root):
                return False
        parts = path[len(self.root) :].split(os.sep)
        return not any(part in SKIPPED for part in parts)

    def add(self, path: str, data: bytes | None) -> None:
        """Note a file, with the bytes that were used."""
        self._note(path, "" if data is None else digest(data))

    def _note(self, path: str, content: str) -> None:
        # A link counts as well as what it leads to: either can be replaced.
        self.files[os.path.realpath(path)] = self.files[os.path.abspath(path)] = content

    def fresh(self) -> bool:
        """Say whether files came in since the last call."""
        count, self._reported = self._reported, len(self.files)
        return count != len(self.files)

    def install(self) -> None:
        """Let imports of project folders, and files read while importing, go through this record."""
        record = self

        class ProjectLoader(SourceFileLoader):
            def get_code(self, fullname: str) -> CodeType | None:
                path = self.get_filename(fullname)
                try:
                    data = self.get_data(path)
                except OSError:
                    record.add(path, None)
                    raise
                record.add(path, data)
                return self.source_to_code(data, path)

        class ProjectExtensionLoader(ExtensionFileLoader):
            def create_module(self, spec: Any) -> Any:
                record.add(spec.origin, None)
                return super().create_module(spec)

        make: Callable[[str], Any] = FileFinder.path_hook(
            (ProjectExtensionLoader, EXTENSION_SUFFIXES), (ProjectLoader, [".py"])
        )

        def hook(path: str) -> Any:
            if not record.covers(os.path.join(path, "_")):
                raise ImportError("not a folder of the project")
            return make(path)

        sys.path_hooks.insert(0, hook)
        sys.addaudithook(self._opened)

    def _opened(self, event: str, arguments: tuple[Any, ...]) -> None:
        # Templates, settings and models that a module reads while it is imported are as good as code.
        if not self.reading or event != "open":
            return
        path, mode, _ = arguments
        if not isinstance(path, str) or (mode is not None and any(letter in mode for letter in "wax+")):
            return
        if self.covers(path) and os.path.realpath(path) not in self.files and os.path.isfile(path):
            self._note(path, "")
