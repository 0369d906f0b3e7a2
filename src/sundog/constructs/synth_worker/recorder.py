"""Records what a Python program reads: files, folders, imports, missing files.

An audit hook sees every file that is opened and every folder that is listed. It does not see `os.stat`, which is how
programs ask whether a file exists; `os.stat` and its kin are wrapped for that. A finder in front of `sys.meta_path`
sees which names were looked for in which folders, so that a new file that would shadow a module is noticed.

What the installation itself reads (the standard library, site-packages) is left out: versions stand for it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from sundog.constructs.synth_worker.recording import BUNDLE_EVENT, MISSING_EVENT, READ_EVENT

Stamp = list[int]
"""mtime_ns, size, inode, ctime_ns: as the file was when it was opened."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PACKAGE_FINDER = os.path.join("importlib", "metadata", "__init__.py")  # noqa: PTH118 - compared as text
_LOOKS = ("stat", "lstat", "access", "readlink")


class Recorder:
    """What was read since `start()`. One per process: an audit hook cannot be removed."""

    def __init__(self, ignored: Sequence[str]) -> None:
        """Prepare a recorder.

        Args:
            ignored: Folders whose files are not inputs: the installation, the output, the worker's own.
        """
        self._ignored = tuple(f"{folder}{os.sep}" for folder in (*ignored, "/proc", "/dev", "/sys"))
        self._thread = threading.local()
        self._active = False
        self.files: dict[str, Stamp | None] = {}
        self.bundle_files: dict[str, Stamp | None] = {}
        self.written: set[str] = set()
        self.looked_at: set[str] = set()
        self.missing: set[str] = set()
        self.directories: set[str] = set()
        self.bundle_directories: set[str] = set()
        self._searches: list[tuple[str, tuple[str, ...]]] = []
        self.external: set[str] = set()

    def start(self) -> None:
        """Begin to record."""
        self._active = True
        sys.addaudithook(self._hook)
        for name in _LOOKS:
            self._wrap_look(name)
        sys.meta_path.insert(0, _SearchRecorder(self))

    def pause(self) -> None:
        """Stop recording; the hook stays but does nothing."""
        self._active = False

    def resume(self) -> None:
        """Record again after a pause."""
        self._active = True

    def is_ignored(self, path: str) -> bool:
        """Whether files there are not inputs."""
        return path.startswith(self._ignored)

    def note_file(self, path: str, before: Stamp | None) -> None:
        """Record a file that was read, with its stamp from before."""
        if self.is_ignored(path) or path in self.written:
            return
        target = self.bundle_files if self._in_bundle else self.files
        target.setdefault(path, before)

    def searched(self) -> dict[str, list[str]]:
        """Return the names that were looked for in each folder, up to the folder in which they were found."""
        found: dict[str, set[str]] = {}
        for fullname, folders in self._searches:
            home = _home(sys.modules.get(fullname))
            for folder in folders:
                full = os.path.abspath(folder or os.getcwd())  # noqa: PTH100, PTH109 - Path would call os.stat
                if not self.is_ignored(f"{full}{os.sep}") and not full.endswith(".zip"):
                    found.setdefault(full, set()).add(fullname.rpartition(".")[2])
                if full == home:
                    break
        return {folder: sorted(names) for folder, names in found.items()}

    def note_search(self, fullname: str, folders: Sequence[str]) -> None:
        """Record that a module is about to be looked for."""
        if self._active:
            self._searches.append((fullname, tuple(folder for folder in folders if isinstance(folder, str))))

    @property
    def _in_bundle(self) -> bool:
        return getattr(self._thread, "bundle_depth", 0) > 0

    def _hook(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._active or getattr(self._thread, "busy", False):
            return
        handler = _HANDLERS.get(event)
        if handler is None:
            return
        self._thread.busy = True
        try:
            handler(self, args)
        finally:
            self._thread.busy = False

    def _on_open(self, args: tuple[Any, ...]) -> None:
        path, _mode, flags = args
        full = _absolute(path)
        if full is None:
            return
        if isinstance(flags, int) and flags & _WRITES:
            if full not in self.files:
                self.written.add(full)
            return
        self.note_file(full, stamp(full))

    def _on_list(self, args: tuple[Any, ...]) -> None:
        full = _absolute(args[0] if args[0] is not None else ".")
        if full is None or self.is_ignored(f"{full}{os.sep}") or _called_by_import(sys._getframe(2)):
            return
        (self.bundle_directories if self._in_bundle else self.directories).add(full)

    def _on_bundle(self, args: tuple[Any, ...]) -> None:
        depth = getattr(self._thread, "bundle_depth", 0)
        self._thread.bundle_depth = depth + (1 if args[0] else -1)

    def _on_missing(self, args: tuple[Any, ...]) -> None:
        full = _absolute(args[0])
        if full is not None and not self.is_ignored(full):
            self.missing.add(full)

    def _on_read(self, args: tuple[Any, ...]) -> None:
        full = _absolute(args[0])
        if full is not None:
            self.note_file(full, stamp(full))

    def _on_process(self, args: tuple[Any, ...]) -> None:
        if not self._in_bundle:
            program = args[0] if isinstance(args[0], (str, bytes)) else args[1][0]
            self.external.add(f"process {Path(os.fsdecode(program)).name}")

    def _on_network(self, args: tuple[Any, ...]) -> None:
        address = args[1]
        if not self._in_bundle and isinstance(address, tuple):
            self.external.add(f"network {address[0]}")

    def _on_remove(self, args: tuple[Any, ...]) -> None:
        paths = [path for path in args if not isinstance(path, int)]
        if any(descriptor != -1 for descriptor in args[len(paths) :]):
            return  # relative to an open folder: the inside of `shutil.rmtree`
        for path in paths:
            full = _absolute(path)
            if full is not None and full not in self.files:
                self.written.add(full)

    def _wrap_look(self, name: str) -> None:
        original: Callable[..., Any] = getattr(os, name)

        def look(path: Any, *args: Any, **kwargs: Any) -> Any:
            if self._active and not getattr(self._thread, "busy", False):
                full = _absolute(path)
                if full is not None and not self.is_ignored(full):
                    self.looked_at.add(full)
            return original(path, *args, **kwargs)

        look.__name__ = look.__qualname__ = name
        # Code asks `os.stat in os.supports_dir_fd` before it relies on it.
        for supported in (
            os.supports_dir_fd,
            os.supports_fd,
            os.supports_follow_symlinks,
            os.supports_effective_ids,
        ):
            if original in supported:
                supported.add(look)
        setattr(os, name, look)


class _SearchRecorder:
    """A finder that finds nothing and notes where Python is about to look."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        self._recorder.note_search(fullname, list(sys.path if path is None else path))
        return None


_HANDLERS: dict[str, Callable[[Recorder, tuple[Any, ...]], None]] = {
    "open": Recorder._on_open,
    "os.listdir": Recorder._on_list,
    "os.scandir": Recorder._on_list,
    "os.remove": Recorder._on_remove,
    "os.rename": Recorder._on_remove,
    "subprocess.Popen": Recorder._on_process,
    "os.system": Recorder._on_process,
    "os.posix_spawn": Recorder._on_process,
    "os.exec": Recorder._on_process,
    "socket.connect": Recorder._on_network,
    BUNDLE_EVENT: Recorder._on_bundle,
    MISSING_EVENT: Recorder._on_missing,
    READ_EVENT: Recorder._on_read,
}


def _absolute(path: object) -> str | None:
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib would call the wrapped os.stat


def _home(module: ModuleType | None) -> str | None:
    """Return the folder in which the search for a module ended."""
    file: str | None = getattr(module, "__file__", None)
    if file is None:
        return None
    folder = os.path.dirname(os.path.abspath(file))  # noqa: PTH100, PTH120 - Path would call os.stat
    return os.path.dirname(folder) if hasattr(module, "__path__") else folder  # noqa: PTH120


def stamp(path: str) -> Stamp | None:
    """Return what changes whenever a file does; None when it cannot be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every opened file
    except (OSError, ValueError):
        return None
    return [found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns]


def _called_by_import(frame: FrameType | None) -> bool:
    """Whether importlib lists a folder of `sys.path`: for a module, which is noted as a search, or for a package."""
    if frame is None:
        return False
    file = frame.f_code.co_filename
    return file.startswith("<frozen importlib") or file.endswith(_PACKAGE_FINDER)
