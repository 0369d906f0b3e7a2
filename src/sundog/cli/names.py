"""What people call functions, by the ids that events carry."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sundog.model.manifest import MANIFEST_FILE, read_manifest


class FunctionNames:
    """Looks names up in the manifest of a cloud assembly, read again when synth has written it anew."""

    def __init__(self, assembly: Path) -> None:
        self._assembly = assembly
        self._names: dict[str, str] = {}
        self._version: tuple[int, int] | None = None

    def __call__(self, function: str) -> str:
        """Return the name of the function with an id; the end of the id when the manifest does not know it."""
        self._refresh()
        return self._names.get(function) or function.rpartition("/")[2]

    def _refresh(self) -> None:
        try:
            status = (self._assembly / MANIFEST_FILE).stat()
            version = (status.st_mtime_ns, status.st_ino)
            if version == self._version:
                return
            self._names = {entry.id: entry.name for entry in read_manifest(self._assembly).functions}
        except (OSError, msgspec.MsgspecError):
            # Before the first synth there are no names yet; the ids do until then.
            return
        self._version = version
