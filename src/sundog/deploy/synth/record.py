"""What one synth read, and whether any of it is different now.

The worker reports names; here they become digests. A file whose stamp (mtime, size, inode, ctime) is what it was is
taken as unchanged: ctime cannot be set back by git, tar or `touch -d`, so a kept or forged mtime alone does not hide an
edit. Any other stamp leads to the digest of the content, so a save without a change is none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

import msgspec

Stamp: TypeAlias = tuple[int, int, int, int]
"""mtime_ns, size, inode, ctime_ns."""

ALL_VARIABLES = "*"
ABSENT = "absent"
_UNLISTED = frozenset({"__pycache__", ".sundog"})
_EVERY_SHELL_DIFFERS = frozenset({"_", "OLDPWD", "SHLVL"})


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the worker says it saw. Paths are absolute."""

    files: dict[str, Stamp | None] = {}
    bundle_files: dict[str, Stamp | None] = {}
    written: list[str] = []
    looked_at: list[str] = []
    missing: list[str] = []
    directories: list[str] = []
    bundle_directories: list[str] = []
    searched: dict[str, list[str]] = {}
    environment: list[str] = []
    external: list[str] = []
    python_modules: list[str] = []
    node_modules: list[str] = []
    type_hints: list[str] = []
    installation: list[str] = []


class FileState(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was read."""

    digest: str
    stamp: Stamp | None
    """None when it changed while it was read: then only the digest counts."""


class SearchState(msgspec.Struct, frozen=True, kw_only=True):
    """Names of modules that were looked for in a folder, and which of them were there."""

    names: list[str]
    digest: str


class SynthRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one synth depended on."""

    files: dict[str, FileState] = {}
    bundle_files: dict[str, FileState] = {}
    """The code of functions: only a build for a deploy depends on it."""
    missing: list[str] = []
    """Files that were looked for and are not there."""
    present: dict[str, str] = {}
    """Paths that were looked at but not read: `file`, `directory` or `other`."""
    directories: dict[str, str] = {}
    """Folders whose names were listed, with a digest of these."""
    bundle_directories: dict[str, str] = {}
    searched: dict[str, SearchState] = {}
    """Folders in which modules were looked for."""
    installation: dict[str, str] = {}
    """The interpreter's package folders: the names there carry the versions of everything installed."""
    environment: dict[str, str | None] = {}
    """Digests of the variables that were read; None for one that was not set."""
    external: list[str] = []
    """Sources that cannot be compared: processes that were run, hosts that were asked."""
    lasting: list[str] = []
    """Files that the app wrote beside its assembly. They are no inputs."""

    def difference(self, environment: Mapping[str, str], *, bundles: bool) -> str | None:
        """Return what is different now, as a path or a variable's name; None when nothing is.

        Args:
            environment: The variables that the next synth would get.
            bundles: Whether the code of functions counts.
        """
        if self.external:
            return self.external[0]
        for name, digest in self.environment.items():
            if _variable_digest(name, environment) != digest:
                return name
        files = self.files | self.bundle_files if bundles else self.files
        directories = self.directories | self.bundle_directories if bundles else self.directories
        return (
            next((path for path, state in files.items() if not is_unchanged(path, state)), None)
            or next((path for path in self.missing if os.path.lexists(path)), None)
            or next((path for path, kind in self.present.items() if kind_of(path) != kind), None)
            or next((path for path, digest in directories.items() if listing_digest(path) != digest), None)
            or next(
                (
                    path
                    for path, state in self.searched.items()
                    if search_digest(path, state.names) != state.digest
                ),
                None,
            )
            or next(
                (path for path, digest in self.installation.items() if listing_digest(path) != digest), None
            )
        )


def make_record(
    report: Report, environment: Mapping[str, str], loaded_files: Mapping[str, Stamp] | None = None
) -> SynthRecord:
    """Look at everything that the worker named.

    Args:
        report: The worker's names, with the stamps from before each file was read.
        environment: The variables that the app was given.
        loaded_files: What was imported before the app ran.
    """
    missing = set(report.missing)
    written = set(report.written)
    files: dict[str, FileState] = {}
    bundle_files: dict[str, FileState] = {}
    present: dict[str, str] = {}
    directories = set(report.directories)
    read = {**(loaded_files or {}), **report.files}
    for target, source in ((files, read), (bundle_files, report.bundle_files)):
        for path, stamp in source.items():
            kind = kind_of(path)
            if kind == "file":
                target[path] = _file_state(path, stamp)
            elif kind == ABSENT:
                if path not in written:
                    missing.add(path)
            elif kind == "directory":
                present[path] = kind
    for path in report.looked_at:
        if path in files or path in bundle_files or path in written:
            continue
        kind = kind_of(path)
        if kind == ABSENT:
            missing.add(path)
        else:
            present[path] = kind
    return SynthRecord(
        files=files,
        bundle_files=bundle_files,
        missing=sorted(missing - written),
        present=present,
        directories={path: listing_digest(path) for path in sorted(directories)},
        bundle_directories={path: listing_digest(path) for path in report.bundle_directories},
        searched={
            path: SearchState(names=names, digest=search_digest(path, names))
            for path, names in report.searched.items()
        },
        installation={path: listing_digest(path) for path in report.installation},
        environment={name: _variable_digest(name, environment) for name in report.environment},
        external=report.external,
    )


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return a digest of a file's content, `absent` when it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "blake2b").hexdigest()[:32]
    except OSError:
        return ABSENT


def file_stamp(path: str | os.PathLike[str]) -> Stamp | None:
    """Return what changes whenever a file does; None when there is none."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns)


def listing_digest(folder: str | os.PathLike[str]) -> str:
    """Return a digest of the names in a folder and of which are folders."""
    return _names_digest(_entries(folder))


def search_digest(folder: str, names: Iterable[str]) -> str:
    """Return a digest of which modules of these names a folder has."""
    wanted = set(names)
    found = [entry for entry in _entries(folder) if entry[0].partition(".")[0] in wanted]
    # A folder becomes a package, or another kind of one, by the __init__ in it.
    inner = [
        (f"{name}/{inner_name}", is_folder)
        for name, is_a_folder in found
        if is_a_folder
        for inner_name, is_folder in _entries(Path(folder) / name)
        if inner_name.startswith("__init__.")
    ]
    return _names_digest(found + inner)


def _entries(folder: str | os.PathLike[str]) -> list[tuple[str, bool]]:
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, entry.is_dir()) for entry in entries if entry.name not in _UNLISTED)
    except OSError:
        return [(ABSENT, False)]


def _names_digest(entries: Iterable[tuple[str, bool]]) -> str:
    text = "\0".join(f"{name}{'/' if is_folder else ''}" for name, is_folder in entries)
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _file_state(path: str, before: Stamp | None) -> FileState:
    stamp = file_stamp(path)
    # Edited between the app's reading and this: the content that was read is not known, so nothing may match it.
    digest = file_digest(path) if before is None or before == stamp else "changed while it was read"
    return FileState(digest=digest, stamp=stamp if before == stamp else None)


def is_unchanged(path: str, state: FileState) -> bool:
    """Return whether a file is what it was when it was read."""
    if state.stamp is not None and file_stamp(path) == state.stamp:
        return True
    return file_digest(path) == state.digest


def kind_of(path: str) -> str:
    """Return what is at a path: `file`, `directory`, `other`, or `absent`."""
    if os.path.isdir(path):  # noqa: PTH112 - called for every path of the record
        return "directory"
    if os.path.isfile(path):  # noqa: PTH113
        return "file"
    return "other" if os.path.lexists(path) else ABSENT


def _variable_digest(name: str, environment: Mapping[str, str]) -> str | None:
    if name == ALL_VARIABLES:
        text = "\0".join(
            f"{key}={environment[key]}" for key in sorted(environment) if key not in _EVERY_SHELL_DIFFERS
        )
    elif name in environment:
        text = environment[name]
    else:
        return None
    return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
