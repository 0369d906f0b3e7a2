"""What boto3 reads whenever a client is made: JSON of a megabyte and more, parsed once instead of in each worker.

Making a first client takes about 70 ms, half of it to parse the files that describe the service and the regions. The
zygote parses those that workers were seen to read. A forked worker hands each result out once, to the first who loads
the file; whoever loads it again gets a parse of its own, so that nobody shares an object that would not have been
shared without this.
"""

from __future__ import annotations

import os
import sys
from typing import Any

MOST_FILES = 32
LARGEST_BYTES = 2_000_000
ENDINGS = (".json", ".json.gz")
LOADERS = "botocore.loaders"


class SdkData:
    """Parsed files that wait for their reader, and the names of those that were read."""

    def __init__(self) -> None:
        self.read: list[str] = []
        """Names as botocore gives them, without their ending, in the order of their first use."""
        self._waiting: dict[str, tuple[Any, Any]] = {}

    @property
    def names(self) -> list[str]:
        """Names of the files that are parsed already."""
        return list(self._waiting)

    def prepare(self, names: list[str]) -> None:
        """Parse files, unless botocore itself is not imported here."""
        loader = _file_loader()
        if loader is None:
            return
        for name in names:
            stamp = _stamp(name)
            if name in self._waiting or len(self._waiting) >= MOST_FILES or stamp is None:
                continue
            if stamp[1] <= LARGEST_BYTES:
                self._waiting[name] = (stamp, loader().load_file(name))

    def install(self) -> None:
        """Let this process's clients be made of what is parsed, and note what they read."""
        loader = _file_loader()
        if loader is None:
            return
        load_file = loader.load_file
        data = self

        def load_prepared(self: Any, file_path: str) -> Any:
            stamp, content = data._waiting.pop(file_path, (None, None))
            if content is None or stamp != _stamp(file_path):
                content = load_file(self, file_path)
            if content is not None and file_path not in data.read:
                data.read.append(file_path)
            return content

        loader.load_file = load_prepared


def _file_loader() -> Any:
    return getattr(sys.modules.get(LOADERS), "JSONFileLoader", None)


def _stamp(name: str) -> tuple[str, int, int] | None:
    """Return what changes whenever the file does."""
    for ending in ENDINGS:
        try:
            found = os.stat(name + ending)
        except OSError:
            continue
        return (ending, found.st_size, found.st_mtime_ns)
    return None
