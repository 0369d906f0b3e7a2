"""Runs a program as an ordinary user although root asks for it: Postgres refuses root, who often is the user in a container.

A program of its own, run before the other: in a user namespace root is mapped to nobody, and keeps the access to its files.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

NEW_USER_NAMESPACE = 0x10000000
NOBODY = 65534


def main() -> None:
    """Become nobody, then the program that the arguments name."""
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER_NAMESPACE):
        reason = os.strerror(ctypes.get_errno())
        sys.exit(f"Postgres does not run as root, and root cannot make a user namespace here: {reason}")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} 0 1")
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - a program of the wheel


if __name__ == "__main__":
    main()
