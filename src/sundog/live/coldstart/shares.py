"""Whose time and whose bytes a cold start is: each dependency's share, and the imports worth a change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sundog.live.coldstart.graph import Graph
from sundog.live.coldstart.tree import Imported

PROJECT = "your code"
SMALLEST_CHANGE_MS = 5.0
SMALLEST_CHANGE_SHARE = 0.05
MOST_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class Share:
    """A dependency's part of the whole."""

    name: str
    """The package's, `your code`, `standard library` or `Node.js`."""
    time_ms: float
    """What its own modules took, without what they imported from elsewhere."""
    time_share: float
    size_bytes: int
    """0 for what is not packaged: Python's own, and what Lambda has."""
    size_share: float
    modules: int
    note: str = ""
    """What the numbers do not say: that it is packaged and never imported."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """An import in the project's code that takes long, or a setting that would save time."""

    package: str
    """What is imported, or what the setting is about."""
    time_ms: float
    """All that the import brought with it."""
    time_share: float
    file: str
    line: int | None
    advice: str


class Attribution(Protocol):
    """Tells whom a module belongs to, and what to do about an import. There is one for each language."""

    def owner(self, module: str) -> str:
        """Return a package's name, `PROJECT`, or what the language itself is called."""

    def is_project(self, module: str) -> bool:
        """Tell whether a module is a file of the project's own."""

    def package(self, module: str) -> str:
        """Return how an import in the project's code names what a module belongs to."""

    def place(self, importer: str, package: str) -> tuple[str, int | None]:
        """Return the file of a module and the line where it imports a package; None when there is no such line."""

    def advice(self, package: str) -> str:
        """Return what to change about the import of a package."""


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What a handler's cold start is made of."""

    interpreter: str
    rounds_ms: list[float]
    """Each round's time, without the instrument."""
    median_ms: float
    tree: list[Imported]
    shares: list[Share]
    changes: list[Change]


def shares(
    tree: Sequence[Imported], sizes: Mapping[str, int], attribution: Attribution, notes: Mapping[str, str]
) -> list[Share]:
    """Return each dependency's share of time and of package size, the slowest first.

    Args:
        tree: What was imported.
        sizes: Bytes in the package by owner.
        attribution: Tells whom a module belongs to.
        notes: What to say of owners of which nothing was imported; of others, that they never were.
    """
    times: dict[str, float] = {}
    counts: dict[str, int] = {}
    for root in tree:
        for module in root.walk():
            owner = attribution.owner(module.name)
            times[owner] = times.get(owner, 0.0) + module.self_ms
            counts[owner] = counts.get(owner, 0) + 1
    whole_time, whole_size = sum(times.values()) or 1.0, sum(sizes.values()) or 1
    found = [
        Share(
            name=name,
            time_ms=times.get(name, 0.0),
            time_share=times.get(name, 0.0) / whole_time,
            size_bytes=sizes.get(name, 0),
            size_share=sizes.get(name, 0) / whole_size,
            modules=counts.get(name, 0),
            note="" if name in counts else notes.get(name, "never imported"),
        )
        for name in {**times, **sizes}
    ]
    return sorted(found, key=lambda share: (-share.time_ms, -share.size_bytes, share.name))


def changes(
    tree: Sequence[Imported],
    imports: Mapping[str, Collection[str]],
    attribution: Attribution,
    settings: Sequence[Change] = (),
) -> list[Change]:
    """Return what would save most: packages that the project's code did not import at the start, and settings.

    A package saves what nothing else imports. What another package needs as well is loaded all the same.

    Args:
        tree: What was imported.
        imports: What each module imports, also when another has loaded it before.
        attribution: Tells whom a module belongs to.
        settings: Changes of settings, whose savings were measured.
    """
    graph = Graph(tree, imports, attribution)
    wanted = [*settings]
    for package, importer in graph.packages.items():
        saved = graph.saved_without(package)
        if saved:
            wanted.append(_change(importer, package, saved, graph.whole_ms, attribution))
    worth = [
        change
        for change in wanted
        if change.time_ms >= SMALLEST_CHANGE_MS and change.time_share >= SMALLEST_CHANGE_SHARE
    ]
    return sorted(worth, key=lambda change: -change.time_ms)[:MOST_CHANGES]


def _change(importer: str, package: str, spent: float, whole: float, attribution: Attribution) -> Change:
    file, line = attribution.place(importer, package)
    return Change(
        package=package,
        time_ms=spent,
        time_share=spent / whole,
        file=file,
        line=line,
        advice=attribution.advice(package),
    )
