"""What `node_hook.cjs` noted, in the terms of the recorder of Python's own reads."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from sundog.constructs.synth_worker.recorder import Recorder

Note = tuple[str, Any]
"""Its kind and what it is about."""


def record_node(recorder: Recorder, notes: Iterable[Note]) -> None:
    """Record what Node read for an app: all that came after it was first given one."""
    synced = False
    for kind, value in notes:
        synced = synced or kind == "synced"
        if synced:
            _KINDS.get(kind, _ignore)(recorder, value)


def _note_look(recorder: Recorder, path: str) -> None:
    if not recorder.is_ignored(path):
        recorder.looked_at.add(path)


def _note_list(recorder: Recorder, path: str) -> None:
    if not recorder.is_ignored(f"{path}{os.sep}"):
        recorder.directories.add(path)


def _note_tree(recorder: Recorder, path: str) -> None:
    for folder, _, files in os.walk(path):
        _note_list(recorder, folder)
        for file in files:
            recorder.note_file(os.path.join(folder, file), None)  # noqa: PTH118 - names, not paths


def _note_file(recorder: Recorder, value: list[Any]) -> None:
    path, stamp = value
    recorder.note_file(path, None if stamp is None else [int(part) for part in stamp])


def _note_write(recorder: Recorder, path: str) -> None:
    if path not in recorder.files:
        recorder.written.add(path)


def _note_external(recorder: Recorder, what: str) -> None:
    recorder.external.add(what)


def _ignore(_recorder: Recorder, _value: object) -> None:
    """Leave out what is no input."""


_KINDS: dict[str, Callable[[Recorder, Any], None]] = {
    "file": _note_file,
    "list": _note_list,
    "tree": _note_tree,
    "look": _note_look,
    "write": _note_write,
    "external": _note_external,
}
