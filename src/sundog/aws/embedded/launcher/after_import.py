"""Runs code right after a module was imported, before anyone can use it.

The emulator imports its services when they are first asked for. Mends wait for that: importing all services at the
start would cost half a second.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, TypeAlias

Hook: TypeAlias = Callable[[Any], None]
"""Takes the module."""


class _HookedLoader(importlib.abc.Loader):
    def __init__(self, loader: importlib.abc.Loader, hooks: Sequence[Hook]) -> None:
        self._loader = loader
        self._hooks = hooks

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        for hook in self._hooks:
            hook(module)


class _HookingFinder(importlib.abc.MetaPathFinder):
    def __init__(self, hooks: dict[str, list[Hook]]) -> None:
        self._hooks = hooks

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        hooks = self._hooks.get(fullname)
        if not hooks:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _HookedLoader(spec.loader, hooks)
        return spec


def install(hooks: dict[str, list[Hook]]) -> None:
    """Run hooks after the modules they are for, by full module name."""
    for name, waiting in hooks.items():
        if name in sys.modules:
            for hook in waiting:
                hook(sys.modules[name])
    sys.meta_path.insert(0, _HookingFinder(hooks))
