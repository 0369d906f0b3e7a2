"""One port per project, chosen once: the addresses that functions, outputs and browsers keep contain it."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sundog.aws.embedded.errors import CloudPortTaken

PORT_FILE = "port"


@contextmanager
def bind_port(state_dir: Path, wanted: int | None, patience_seconds: float = 0) -> Iterator[socket.socket]:
    """Listen on a project's port, on 127.0.0.1 only, for the length of a `with` block.

    Args:
        state_dir: Holds the file with the port; it is written when the project has none yet.
        wanted: The port that the user has set, if any.
        patience_seconds: How long to wait for a port that is taken: by a process of ours that is just ending.

    Raises:
        CloudPortTaken: Another program listens there.
    """
    port = wanted or _chosen(state_dir)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        deadline = time.monotonic() + patience_seconds
        while True:
            try:
                listener.bind(("127.0.0.1", port or 0))
                listener.listen(1024)
                break
            except OSError as error:
                if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                    raise
                if error.errno == errno.EACCES or time.monotonic() > deadline:
                    raise _taken(port or 0, error, state_dir, set_by_user=wanted is not None) from error
                time.sleep(0.02)
        if wanted is None and port is None:
            (state_dir / PORT_FILE).write_text(f"{listener.getsockname()[1]}\n")
        yield listener


def _chosen(state_dir: Path) -> int | None:
    try:
        port = int((state_dir / PORT_FILE).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return port if 0 < port < 65536 else None


def _taken(port: int, error: OSError, state_dir: Path, *, set_by_user: bool) -> CloudPortTaken:
    if error.errno == errno.EACCES:
        why = "your user may not listen on it"
    else:
        holder = _holder(port)
        why = f"{holder} listens on it" if holder else "another program listens on it"
    other = (
        "or set another port: `[tool.sundog.local] port` in pyproject.toml"
        if set_by_user
        else f"or let the project choose another port: remove `{state_dir / PORT_FILE}`"
    )
    return CloudPortTaken(
        f"port {port} of the local stage is taken",
        where=f"127.0.0.1:{port}",
        why=why,
        fix=["stop that program", other],
    )


def _holder(port: int) -> str | None:
    """Name the process that listens on a port, where the system tells: Linux, and only our user's processes."""
    inode = _listening_inode(port)
    if inode is None:
        return None
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            handles = list((process / "fd").iterdir())
            if any(str(handle.readlink()) == f"socket:[{inode}]" for handle in handles):
                command = (
                    (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                )
                return f"`{command[:80]}` (process {process.name})"
        except OSError:
            # Another user's, or it ended meanwhile.
            continue
    return None


def _listening_inode(port: int) -> str | None:
    listening = "0A"
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                return fields[9]
    return None
