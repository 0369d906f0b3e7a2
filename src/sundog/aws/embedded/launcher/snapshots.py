"""Keeps the emulator's state on disk while it runs, so that a `kill -9` loses seconds.

The emulator itself saves only when it is stopped in order. Here each snapshot is a folder of its own with one file per
service, written beside the others and renamed into place when whole: the folder with the highest number is the state.
Services that did not change are linked from the snapshot before. Two snapshots are kept.

    snapshots/41/lambda.json, sqs.json, …
    snapshots/42/…                                 the state
    snapshots/new/…                                being written, or left by a crash

States are read while the emulator serves. One that changes while it is read is read again; a snapshot is therefore whole
per service, and services may be some milliseconds apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CODE_REFERENCE = re.compile(r'"code_blob_ref": "([0-9a-f]{64})"')
_KEPT = 2
_TRIES = 5


class Snapshots:
    """Writes snapshots of one emulator."""

    def __init__(
        self,
        folder: Path,
        states: Callable[[], dict[str, Callable[[], Any]]],
        encode: Callable[[str, Any], bytes],
        dirty: threading.Event,
    ) -> None:
        """Find what an earlier process has written.

        Args:
            folder: Holds the snapshots.
            states: Returns, by service, what returns its state.
            encode: Makes a service's state the content of its file.
            dirty: Set by whoever may have changed something.
        """
        self._folder = folder
        self._states = states
        self._encode = encode
        self._lock = threading.Lock()
        self._dirty = dirty
        self._once_more = False
        self._digests: dict[str, bytes] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._remove_old()

    def newest(self) -> Path | None:
        """Return the folder of the state to start from."""
        numbers = self._numbers()
        return self._folder / str(numbers[-1]) if numbers else None

    def save_if_touched(self) -> bool:
        """Write a snapshot when something may have changed since the last; return whether one was written.

        What a request or an event has set off may go on after it: messages are deleted after their function has run. So
        the time after a change looks once more.
        """
        touched = self._dirty.is_set()
        if not touched and not self._once_more:
            return False
        self._once_more = touched
        return self.save()

    def save(self) -> bool:
        """Write a snapshot unless nothing changed; return whether one was written."""
        with self._lock:
            self._dirty.clear()
            try:
                return self._save()
            except BaseException:
                self._dirty.set()
                raise

    def clear(self) -> None:
        """Forget all snapshots."""
        with self._lock:
            for number in self._numbers():
                shutil.rmtree(self._folder / str(number))
            self._digests = {}

    def _save(self) -> bool:
        contents = {name: self._encode(name, state) for name, state in self._read_states().items()}
        digests = {
            name: hashlib.blake2b(content, digest_size=16).digest() for name, content in contents.items()
        }
        if not self._folder.is_dir():
            # Somebody removed `.sundog` while the cloud runs: nothing of what was written is left to link to.
            self._folder.mkdir(parents=True)
            self._digests = {}
        if self._digests.items() >= digests.items():
            return False
        numbers = self._numbers()
        before = self._folder / str(numbers[-1]) if numbers else None
        new = self._folder / "new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        if before is not None:
            # Services that this process has not loaded keep the state they had.
            for file in before.glob("*.json"):
                if digests.get(file.stem) in {None, self._digests.get(file.stem)}:
                    _link(file, new / file.name)
        for name, content in contents.items():
            if not (new / f"{name}.json").exists():
                _write(new / f"{name}.json", content)
        new.rename(self._folder / str(numbers[-1] + 1 if numbers else 1))
        self._digests.update(digests)
        self._remove_old()
        return True

    def _read_states(self) -> dict[str, Any]:
        return {
            name: state for name, read in self._states().items() if (state := _read_quietly(read)) is not None
        }

    def _numbers(self) -> list[int]:
        return sorted(int(entry.name) for entry in self._folder.iterdir() if entry.name.isdigit())

    def _remove_old(self) -> None:
        for number in self._numbers()[:-_KEPT]:
            shutil.rmtree(self._folder / str(number), ignore_errors=True)


def _read_quietly(read: Callable[[], Any]) -> Any:
    for attempt in range(1, _TRIES + 1):
        try:
            return read()
        except RuntimeError:
            # "dictionary changed size during iteration": another thread works on it.
            if attempt == _TRIES:
                raise
            time.sleep(0.01 * attempt)
    return None


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write(file: Path, content: bytes) -> None:
    with file.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def emulator_snapshots(folder: Path, app: Any, dirty: threading.Event) -> Snapshots:
    """Connect snapshots with the emulator, in place of its own saving at the end."""
    from ministack.core import persistence

    def encode(service: str, state: Any) -> bytes:
        wrapped = {"__ministack_format__": persistence._state_format_version(service), "payload": state}
        return json.dumps(wrapped, default=persistence._json_default).encode()

    snapshots = Snapshots(folder, app._build_persistence_save_dict, encode, dirty)

    def load(service: str) -> Any:
        # Not the emulator's own, which reads a folder that services, imported meanwhile, take for their other files.
        newest = snapshots.newest()
        file = newest / f"{service}.json" if newest is not None else None
        if file is None or not file.exists():
            return None
        wrapped = json.loads(file.read_text(), object_hook=persistence._json_object_hook)
        if wrapped["__ministack_format__"] > persistence._state_format_version(service):
            _report(f"the state of {service} was written by a newer version, and is left out")
            return None
        return wrapped["payload"]

    def save(_services: object) -> None:
        try:
            snapshots.save()
        except OSError as error:
            _report(f"the last snapshot could not be written: {error}")

    app.load_state = load
    app.save_all = save
    return snapshots


async def save_often(snapshots: Snapshots, seconds: float) -> None:
    """Save what has changed, again and again, whatever becomes of one attempt.

    Args:
        snapshots: What saves.
        seconds: The pause between two looks.
    """
    failing = False
    took = 0.0
    while True:
        # A large state takes long to write, and what is busy with that serves nobody.
        await asyncio.sleep(max(seconds, 10 * took))
        started = time.monotonic()
        try:
            await asyncio.to_thread(snapshots.save_if_touched)
            failing = False
        except Exception as error:  # noqa: BLE001 - the data in memory is whole; the next snapshot may succeed
            if not failing:
                _report(f"the state could not be saved: {error}")
            failing = True
        took = time.monotonic() - started


def _report(text: str) -> None:
    # Standard error is the log file, on the disk that may be the full one.
    with contextlib.suppress(OSError):
        print(f"sundog: {text}", file=sys.stderr, flush=True)  # noqa: T201 - as said


def keep_code(lambda_service: Any, folder: Path) -> None:
    """Have the code of functions deleted at a start only, and only what no snapshot refers to.

    The emulator deletes what its present state does not refer to, whenever that is read: after a kill, the last snapshot
    would miss the code of a function that was changed after it.
    """
    delete = lambda_service._prune_orphan_code_blobs
    states = [file.read_text() for file in folder.glob("*/lambda.json")]
    delete({reference for state in states for reference in _CODE_REFERENCE.findall(state)})

    def keep(_referenced: object) -> None:
        return

    lambda_service._prune_orphan_code_blobs = keep
