"""Where sundog keeps what projects share: the embedded cloud's environment, esbuild, built dependencies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import platformdirs


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's cache folder for sundog, `SUNDOG_CACHE_DIR` when set. It is not created."""
    override = environ.get("SUNDOG_CACHE_DIR")
    return Path(override) if override else Path(platformdirs.user_cache_dir("sundog", appauthor=False))


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold a file's lock: two processes must not make the same thing in the cache at once. Waits for the other."""
    with file.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
