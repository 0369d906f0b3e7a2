"""Noticing edits, with as little delay as one burst of them allows.

watchfiles' own generator waits 50 ms and more; its Rust part underneath can be asked every millisecond. A thread does
that, and hands whole bursts to the event loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

logger = logging.getLogger(__name__)

STEP_MS = 1
"""A burst is over when nothing happened for this long."""
BURST_MS = 50
"""A burst is reported after this long although it goes on."""
EMPTY_MS = 50
"""Many editors cut a file to nothing before they write it. One that stays empty for this long is meant to be."""
POLL_MS = 300
"""Where the system has no notices (network file systems)."""

IGNORED_FOLDERS = frozenset(
    {
        ".venv",
        "venv",
        "node_modules",
        ".git",
        ".hg",
        ".sundog",
        "cdk.out",
        "__pycache__",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".idea",
        ".vscode",
        ".tox",
        ".nox",
    }
)
SWAP_SUFFIXES = ("~", ".swp", ".swo", ".swx", ".tmp", ".pyc", ".pyo", ".crswap", ".part")
SWAP_PREFIXES = (".#", "#", ".goutputstream", "4913", "___jb_")

Changed = Callable[[frozenset[Path], float], None]
"""Takes absolute paths and the time of the notice on the performance counter."""


class Ignore:
    """Says which paths are no source of the project."""

    def __init__(self, root: Path, further: Iterable[str] = ()) -> None:
        """Take the root and `ignore` of the settings."""
        self._root = root
        self._further = tuple((root / name).resolve() for name in further)

    def __call__(self, path: Path) -> bool:
        """Say whether a change of the path concerns nobody."""
        try:
            parts = path.relative_to(self._root).parts
        except ValueError:
            return False
        name = path.name
        return (
            not IGNORED_FOLDERS.isdisjoint(parts)
            or name.endswith(SWAP_SUFFIXES)
            or name.startswith(SWAP_PREFIXES)
            or any(path.is_relative_to(folder) for folder in self._further)
        )


class Watcher:
    """Watches folders until it is closed."""

    def __init__(self, root: Path, ignore: Ignore, changed: Changed) -> None:
        """Take the root, what to ignore, and who is told in the event loop's thread."""
        self._root = root
        self._ignore = ignore
        self._changed = changed
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._notify: RustNotify | None = None

    def start(self) -> None:
        """Begin to watch; changes from now on are seen."""
        loop = asyncio.get_running_loop()
        self._notify = self._open()
        self._thread = threading.Thread(target=self._run, args=(loop,), name="sundog-watch", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Stop; returns when the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _open(self) -> RustNotify:
        watched = folders(self._root, self._ignore)
        while True:
            notify = self._notify_of(watched)
            present = folders(self._root, self._ignore)
            if set(watched).issuperset(present) or self._stop.is_set():
                return notify
            # A folder came after its parent was read and before its parent was watched: nobody would tell of it.
            notify.close()
            watched = present

    def _notify_of(self, watched: Iterable[Path]) -> RustNotify:
        paths = [str(path) for path in watched]
        try:
            return _notify(paths, polling=False)
        except (OSError, WatchfilesRustInternalError) as error:
            # The system's limit on watches (fs.inotify.max_user_watches) is used up by others.
            logger.warning("watching by polling: %s", error)
            return _notify(paths, polling=True)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        emptied: dict[Path, float] = {}
        while not self._stop.is_set():
            assert self._notify is not None  # noqa: S101 - tells the type checker
            seen = self._notify.watch(BURST_MS, STEP_MS, EMPTY_MS if emptied else 0, self._stop)
            noticed = time.perf_counter()
            if isinstance(seen, str) and seen != "timeout":
                return
            names = () if isinstance(seen, str) else (Path(name) for _, name in seen)
            paths = frozenset(path for path in names if not self._ignore(path))
            found = self._new_folders(paths)
            if found is not None:
                paths |= found
            paths |= emptied.keys()
            emptied = still_emptied(paths, emptied, noticed)
            paths -= emptied.keys()
            if paths:
                try:
                    loop.call_soon_threadsafe(self._changed, paths, noticed)
                except RuntimeError:
                    # The loop has ended before this thread was told to.
                    return

    def _new_folders(self, paths: frozenset[Path]) -> frozenset[Path] | None:
        # A folder that came is not watched yet. What was put into it before it is counts as changed.
        if not any(path.is_dir() and not path.is_symlink() for path in paths):
            return None
        assert self._notify is not None  # noqa: S101 - tells the type checker
        before = self._notify
        self._notify = self._open()
        # What the former one has seen and not told yet.
        late = before.watch(BURST_MS, STEP_MS, STEP_MS, self._stop)
        before.close()
        told = frozenset() if isinstance(late, str) else frozenset(Path(name) for _, name in late)
        told = frozenset(path for path in told if not self._ignore(path))
        return told | frozenset(
            Path(folder) / name
            for path in paths | told
            if path.is_dir()
            for folder, _, names in os.walk(path)
            for name in names
            if not self._ignore(Path(folder) / name)
        )


def still_emptied(paths: Iterable[Path], before: Mapping[Path, float], now: float) -> dict[Path, float]:
    """Return the files that have nothing in them, and since when, but those that have not for long."""
    since = {path: before.get(path, now) for path in paths if _is_empty(path)}
    return {path: first for path, first in since.items() if (now - first) * 1000 < EMPTY_MS}


def _is_empty(path: Path) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == 0


def _notify(paths: list[str], *, polling: bool) -> RustNotify:
    debug, recursive, ignore_permission_denied = False, False, True
    # Not recursive: each folder by itself, so that ignored trees cost nothing.
    return RustNotify(paths, debug, polling, POLL_MS, recursive, ignore_permission_denied)


def folders(root: Path, ignore: Ignore) -> list[Path]:
    """Return the root and every folder below it that is not ignored, links to folders followed once."""
    found: list[Path] = []
    seen: set[str] = set()
    queue = [root]
    while queue:
        folder = queue.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        found.append(folder)
        try:
            with os.scandir(folder) as entries:
                queue += [
                    Path(entry.path) for entry in entries if entry.is_dir() and not ignore(Path(entry.path))
                ]
        except OSError:
            # Gone, or not ours to read.
            continue
    return found
