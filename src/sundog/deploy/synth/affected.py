"""Which of many changed files makes the result of a synth different.

A burst of edits may be ten thousand files: a checkout, an unpacked archive. What does not differ from file to file is
looked at once for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sundog.deploy.synth.record import (
    SynthRecord,
    is_unchanged,
    kind_of,
    listing_digest,
    search_digest,
)


def first_affecting(record: SynthRecord, paths: Iterable[Path]) -> Path | None:
    """Return the first file, of those that were created, changed or deleted, that the synth depended on.

    Args:
        record: What the synth read.
        paths: Absolute paths, as the watcher reports them.
    """
    burst = _Burst(record)
    return next((path for path in paths if burst.is_affected_by(os.fspath(path))), None)


class _Burst:
    """The record, with what has been found out about it during one burst of edits."""

    def __init__(self, record: SynthRecord) -> None:
        self._record = record
        known = {*record.files, *record.directories, *record.searched}
        self._linked = [(real, name) for name in known if (real := os.path.realpath(name)) != name]
        self._appeared = [name for name in record.missing if os.path.lexists(name)]
        self._listings: dict[str, bool] = {}
        self._searches: dict[str, bool] = {}

    def is_affected_by(self, path: str) -> bool:
        record = self._record
        for own in self._own_names(path):
            folder, name = os.path.split(own)
            state = record.files.get(own)
            if state is not None and not is_unchanged(own, state):
                return True
            if own in record.present and kind_of(own) != record.present[own]:
                return True
            if any(missing == own or missing.startswith(f"{own}{os.sep}") for missing in self._appeared):
                return True
            if self._is_listed_otherwise(own) or self._is_listed_otherwise(folder):
                return True
            if self._is_found_otherwise(folder, name) or self._is_found_otherwise(*os.path.split(folder)):
                return True
        return False

    def _own_names(self, path: str) -> set[str]:
        """Return the names under which the synth may know a file: a watcher reports what links lead to."""
        names = {os.path.abspath(path)}  # noqa: PTH100 - Path.resolve follows links
        for real, known in self._linked:
            if path == real or path.startswith(f"{real}{os.sep}"):
                names.add(known + path[len(real) :])
        return names

    def _is_listed_otherwise(self, folder: str) -> bool:
        digest = self._record.directories.get(folder)
        if digest is None:
            return False
        if folder not in self._listings:
            self._listings[folder] = listing_digest(folder) != digest
        return self._listings[folder]

    def _is_found_otherwise(self, folder: str, name: str) -> bool:
        state = self._record.searched.get(folder)
        if state is None or name.partition(".")[0] not in state.names:
            return False
        if folder not in self._searches:
            self._searches[folder] = search_digest(folder, state.names) != state.digest
        return self._searches[folder]
