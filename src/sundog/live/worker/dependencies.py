"""Noticing that installed packages changed: an install, an upgrade, a line added to a library while looking for a bug.

Watched are the folders of `site-packages` and of the modules that workers have loaded, one by one: a virtual
environment has thousands of folders, and only these matter.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from watchfiles._rust_notify import RustNotify

STEP_MS = 50
QUIET_MS = 400
"""An install is over when nothing happened for about this long."""
LOOK_MS = 1000
BYTECODE = (".pyc", ".pyo", ".tmp")


class DependencyWatcher:
    """Watches folders that may be added to, until it is closed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        """Take who is told in the event loop's thread."""
        self._changed = changed
        self._folders: frozenset[str] = frozenset()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, folders: Iterable[str]) -> None:
        """Watch these as well."""
        wanted = self._folders.union(folder for folder in folders if Path(folder).is_dir())
        if wanted == self._folders:
            return
        # A frozen set is replaced as a whole: the thread sees the old one or the new one.
        self._folders = wanted
        if self._thread is None:
            loop = asyncio.get_running_loop()
            self._thread = threading.Thread(
                target=self._run, args=(loop,), name="sundog-dependencies", daemon=True
            )
            self._thread.start()

    async def close(self) -> None:
        """Stop; returns when the thread has ended."""
        self._stop.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        while not self._stop.is_set():
            watched = self._folders
            paths = sorted(folder for folder in watched if Path(folder).is_dir())
            notify = RustNotify(paths, False, False, 300, False, True)  # noqa: FBT003 - positional in watchfiles
            try:
                if not self._watch_while(notify, watched, loop):
                    return
            finally:
                notify.close()

    def _watch_while(
        self, notify: RustNotify, watched: frozenset[str], loop: asyncio.AbstractEventLoop
    ) -> bool:
        while self._folders == watched:
            seen = notify.watch(QUIET_MS, STEP_MS, LOOK_MS, self._stop)
            if isinstance(seen, str):
                if seen != "timeout":
                    return False
                continue
            if any(not name.endswith(BYTECODE) and "__pycache__" not in name for _, name in seen):
                try:
                    loop.call_soon_threadsafe(self._changed)
                except RuntimeError:
                    # The loop has ended before this thread was told to.
                    return False
                # Folders may have come and gone.
                return True
        return True
