"""What the operating system offers to tie processes together, and C's own output buffers."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1


def native_library() -> Any:
    """Return the C library, or None for an interpreter built without `ctypes`."""
    try:
        import ctypes

        return ctypes.CDLL(None)
    except (ImportError, OSError):
        return None


def die_with_parent(library: Any, parent: int, number: int = signal.SIGKILL) -> None:
    """Have the kernel signal this process when its parent ends (Linux); elsewhere the supervisor's socket does it."""
    if library is not None and sys.platform == "linux":
        library.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def native_flush(library: Any) -> Callable[[], None]:
    """Return a function that writes out what C code has buffered with `printf`."""
    if library is None:
        return lambda: None
    return lambda: library.fflush(None)


def thread_count() -> int:
    """Return the number of threads of this process, those of C libraries included where the system tells."""
    if os.path.isdir("/proc/self/task"):
        return len(os.listdir("/proc/self/task"))
    import threading

    return threading.active_count()
