"""Which functions run which files: exact, because the processes themselves report what they loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path


def file_digest(path: Path) -> str | None:
    """Return what two equal files have in common; None when there is no such file."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=12).hexdigest()
    except OSError:
        return None


class ImportGraph:
    """The last known files of every function, kept when its environments have ended."""

    def __init__(self) -> None:
        self._files: dict[str, frozenset[Path]] = {}
        self._digests: dict[Path, str | None] = {}

    def learn(self, function_id: str, files: Mapping[Path, str]) -> None:
        """Take an environment's report: files with the digests of what was loaded, empty where unknown."""
        self._files[function_id] = frozenset(files)
        for path, digest in files.items():
            if path not in self._digests:
                self._digests[path] = digest or file_digest(path)

    def forget(self, function_id: str) -> None:
        """Drop a function."""
        self._files.pop(function_id, None)

    def files(self, function_id: str) -> frozenset[Path]:
        """Return a function's files."""
        return self._files.get(function_id, frozenset())

    def functions_of(self, paths: Collection[Path]) -> list[str]:
        """Return ids of the functions that loaded one of the files."""
        wanted = frozenset(paths)
        return [function_id for function_id, files in self._files.items() if files & wanted]

    def worth_naming(self, paths: Collection[Path]) -> list[Path]:
        """Return the files without those that came and went unseen, as `sed -i` and editors make them beside the saved one."""
        wanted = frozenset(paths)
        loaded = {path for files in self._files.values() for path in files & wanted}
        return [path for path in paths if path in loaded or path.exists()] or list(paths)

    def really_changed(self, paths: Collection[Path]) -> list[Path]:
        """Return those of the files whose content is another than at the last look."""
        changed = []
        for path in paths:
            digest = file_digest(path)
            if path in self._digests and self._digests[path] == digest:
                continue
            self._digests[path] = digest
            changed.append(path)
        return changed
