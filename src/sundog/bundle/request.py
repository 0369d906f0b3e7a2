"""What the bundler is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from sundog.errors import Location
from sundog.model.manifest import FunctionEntry


def _silent(_line: str) -> None:
    """Say nothing."""


def declared_at(entry: FunctionEntry) -> Location | None:
    """Return the user's line that declares a function, for messages."""
    return None if entry.place is None else Location(entry.place.file, entry.place.line)


class BundleRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One function whose code is to be packaged for AWS Lambda."""

    project_root: Path
    entry: FunctionEntry
    output_dir: Path
    """The folder to fill: what Lambda unpacks into `/var/task`. What it held before is replaced."""
    progress: Callable[[str], None] = _silent
    """Told in one line what takes time."""
    environ: Mapping[str, str] = os.environ
    """The environment that names the cache folder and in which uv, npm and esbuild run."""
