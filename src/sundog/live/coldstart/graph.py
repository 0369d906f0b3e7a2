"""What is loaded because of what: the time that an import costs by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from sundog.live.coldstart.tree import Imported


class Owners(Protocol):
    """Tells whom a module belongs to."""

    def is_project(self, module: str) -> bool:
        """Tell whether a module is a file of the project's own."""

    def package(self, module: str) -> str:
        """Return how an import in the project's code names what a module belongs to."""


class Graph:
    """The modules of a start, with all that each of them imports."""

    def __init__(
        self, tree: Sequence[Imported], imports: Mapping[str, Collection[str]], owners: Owners
    ) -> None:
        """Join the tree, which has each module at its first import, with the other imports.

        Args:
            tree: What was imported.
            imports: What each module imports, also when another has loaded it before.
            owners: Tells whom a module belongs to.
        """
        self._times: dict[str, float] = {}
        self._imports: dict[str, set[str]] = {}
        self._roots = [root.name for root in tree]
        for root in tree:
            self._add(root, parent=root.name)
        for name in self._times:
            self._imports.setdefault(name, set()).update(imports.get(name, ()))
        self._project = {name for name in self._times if owners.is_project(name)}
        self._packages = {name: owners.package(name) for name in self._times}
        self.whole_ms = sum(root.total_ms for root in tree) or 1.0
        self.packages: dict[str, str] = {}
        """What the project's code imports, each with the first module that does."""
        for importer in self._times:
            if importer in self._project:
                for name in self._imports[importer] & self._times.keys() - self._project:
                    self.packages.setdefault(self._packages[name], importer)

    def saved_without(self, package: str) -> float:
        """Return the milliseconds of what is loaded only because the project's code imports a package."""
        reached: set[str] = set()
        waiting = list(self._roots)
        while waiting:
            name = waiting.pop()
            if name in reached:
                continue
            reached.add(name)
            following = self._imports[name] & self._times.keys()
            if name in self._project:
                following = {
                    one for one in following if one in self._project or self._packages[one] != package
                }
            waiting += following
        return sum(spent for name, spent in self._times.items() if name not in reached)

    def _add(self, module: Imported, *, parent: str) -> None:
        # A line that is there more than once is no module, but what its parent was about: reading files, for one.
        name = parent if module.name in self._times else module.name
        self._times[name] = self._times.get(name, 0.0) + module.self_ms
        self._imports.setdefault(name, set())
        if name != parent:
            self._imports[parent].add(name)
        for child in module.children:
            self._add(child, parent=name)
