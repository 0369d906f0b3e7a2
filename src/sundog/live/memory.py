"""How much memory a process uses.

`RLIMIT_AS` counts address space, which many libraries reserve and never touch; Lambda counts what is resident. So the
session looks at the resident size from outside and ends a process that went over its function's memory.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
MEGABYTE = 1024 * 1024
PROC = Path("/proc/self")


def resident_mb(pid: int) -> int | None:
    """Return the resident size of a process in megabytes, rounded up; None when it has ended."""
    if PROC.is_dir():
        try:
            pages = int(Path(f"/proc/{pid}/statm").read_bytes().split()[1])
        except (OSError, IndexError, ValueError):
            return None
        return -(-pages * PAGE_BYTES // MEGABYTE)
    listed = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, check=False)
    text = listed.stdout.strip()
    return -(-int(text) // 1024) if text else None
