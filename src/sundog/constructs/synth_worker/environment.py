"""Records which environment variables a Python program reads."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

_Key: TypeAlias = Any
"""`str`, or `bytes` in `os.environb`."""
ALL_VARIABLES = "*"
"""Recorded when the program read the names of all variables."""


class RecordedEnviron(os._Environ):  # type: ignore[type-arg]  # of text for os.environ, of bytes for os.environb
    """The class that `os.environ` is given: it notes the names that are read and not set by the program itself."""

    recorder: EnvironmentRecorder

    def __getitem__(self, key: _Key) -> _Key:
        self._note(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def __iter__(self) -> Iterator[_Key]:
        self.recorder.read.add(ALL_VARIABLES)
        return super().__iter__()

    def __setitem__(self, key: _Key, value: _Key) -> None:
        super().__setitem__(key, value)
        self.recorder.own.add(os.fsdecode(key))

    def __delitem__(self, key: _Key) -> None:
        super().__delitem__(key)
        self.recorder.own.add(os.fsdecode(key))

    def _note(self, key: object) -> None:
        if isinstance(key, (str, bytes)):
            name = os.fsdecode(key)
            if name not in self.recorder.own:
                self.recorder.read.add(name)


class EnvironmentRecorder:
    """Watches `os.environ` from `start()` on."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        self.own: set[str] = set()

    def start(self) -> None:
        """Begin to record what is read from `os.environ` and `os.environb`."""
        for environ in _environs():
            environ.recorder = self
            environ.__class__ = RecordedEnviron

    def stop(self) -> None:
        """Give `os.environ` its own class back."""
        for environ in _environs():
            environ.__class__ = os._Environ


def _environs() -> tuple[Any, Any]:
    return os.environ, os.environb


def current_environment() -> dict[str, str]:
    """Return all variables without that being recorded as a read."""
    data: Mapping[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]  # typeshed leaves it out
    return {os.fsdecode(name): os.fsdecode(value) for name, value in data.items()}


def replace_environment(variables: Mapping[str, str]) -> None:
    """Make the variables of this process exactly these."""
    for name in current_environment():
        if name not in variables:
            del os.environ[name]
    os.environ.update(variables)
