"""Where sundog keeps what projects share: the embedded cloud's environment, esbuild, built dependencies."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import platformdirs

from sundog.model.programs import check_wanted

_LOCK_SECONDS = 0.1
"""How often a lock that another process has is tried again."""


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's cache folder for sundog, `SUNDOG_CACHE_DIR` when set. It is not created."""
    override = environ.get("SUNDOG_CACHE_DIR")
    return Path(override) if override else Path(platformdirs.user_cache_dir("sundog", appauthor=False))


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Hold a temporary folder beside one that is made in it and appears whole, by a rename.

    The caller has the lock of the folder, so what is there of others was left by processes that were killed.
    """
    prefix = f"install-{folder.name}-"
    for left in folder.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        dir=folder.parent, prefix=prefix, ignore_cleanup_errors=True
    ) as temporary:
        yield Path(temporary)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a file's lock: two processes must not make the same thing in the cache at once. Waits for the other."""
    with file.open("w") as handle:
        while not _taken(handle):
            check_wanted()
            time.sleep(_LOCK_SECONDS)
        yield


def _taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
