"""The last synth of a stage, kept between sessions in `.sundog/<stage>/synth.json`.

When everything that the last synth read is still the same, and its assembly is untouched, its result is the result.
The file also says which modules of the CDK the app used, so that the next worker loads these ahead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sundog.deploy.synth.record import FileState, SynthRecord

FORMAT = 1


class SynthKey(msgspec.Struct, frozen=True, kw_only=True):
    """What a result depends on besides what the app read."""

    mode: str
    versions: dict[str, str]
    app_file: str
    python: str


class CachedSynth(msgspec.Struct, frozen=True, kw_only=True):
    """One synth's inputs and its result's state."""

    format: int = FORMAT
    key: SynthKey | None = None
    record: SynthRecord | None = None
    assembly: dict[str, FileState] = {}
    python_modules: list[str] = []
    node_modules: list[str] = []
    type_hints: list[str] = []


class SynthCache:
    """The file of one stage."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> CachedSynth:
        """Return the last synth; an empty one when there is none that this version understands."""
        try:
            cached = msgspec.json.decode(self._file.read_bytes(), type=CachedSynth)
        except (OSError, msgspec.DecodeError):
            return CachedSynth()
        return cached if cached.format == FORMAT else CachedSynth()

    def store(self, synth: CachedSynth) -> None:
        """Replace the file, readable by the user only: it tells which variables the app reads."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_name(f"{self._file.name}.partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(synth))
        partial.replace(self._file)

    def forget(self) -> None:
        """Have the next synth run the app whatever has changed."""
        self._file.unlink(missing_ok=True)


def reason_to_synthesize(cached: CachedSynth, key: SynthKey, environment: Mapping[str, str]) -> str | None:
    """Return why the last result cannot be used, in words or as a path; None when it can."""
    if cached.key is None or cached.record is None:
        return "start"
    if cached.key != key:
        return "versions or settings"
    return cached.record.difference(environment, bundles=key.mode == "deploy")
