"""Whose time and whose bytes a cold start is: each dependency's share, and the imports worth a change."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sundog.live.coldstart.measure import Measurement
from sundog.live.coldstart.tree import Imported

PROJECT, STANDARD = "your code", "standard library"
SMALLEST_CHANGE_MS = 5.0
SMALLEST_CHANGE_SHARE = 0.05
MOST_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class Share:
    """A dependency's part of the whole."""

    name: str
    """The package's, `your code` or `standard library`."""
    time_ms: float
    """What its own modules took, without what they imported from elsewhere."""
    time_share: float
    size_bytes: int
    """0 for what is not packaged: Python's own, and what Lambda has."""
    size_share: float
    modules: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """An import in the project's code that takes long."""

    package: str
    time_ms: float
    """All that the import brought with it."""
    time_share: float
    file: str
    line: int | None


class Attribution:
    """Tells whom a module belongs to."""

    def __init__(self, measurement: Measurement, source: Path, standard: Collection[str]) -> None:
        """Take what was measured, the function's source folder, and the names of Python's own modules."""
        self._files = measurement.files
        self._source = source
        self._standard = frozenset(standard)
        self._by_module = {module: one.name for one in measurement.distributions for module in one.modules}

    def owner(self, module: str) -> str:
        """Return a package's name, `your code` or `standard library`."""
        top = module.partition(".")[0]
        if self.is_project(module):
            return PROJECT
        if top in self._by_module:
            return self._by_module[top]
        return STANDARD if top in self._standard or self._files.get(module) is None else top

    def is_project(self, module: str) -> bool:
        """Tell whether a module is a file of the project's own."""
        file = self._files.get(module)
        return (
            file is not None
            and Path(file).is_relative_to(self._source)
            and "site-packages" not in Path(file).parts
        )


def shares(measurement: Measurement, attribution: Attribution, *, project_bytes: int) -> list[Share]:
    """Return each dependency's share of time and of package size, the slowest first.

    Args:
        measurement: What was measured.
        attribution: Tells whom a module belongs to.
        project_bytes: Size of the project's own files in the package.
    """
    times: dict[str, float] = {}
    counts: dict[str, int] = {}
    for root in measurement.tree:
        for module in root.walk():
            owner = attribution.owner(module.name)
            times[owner] = times.get(owner, 0.0) + module.self_ms
            counts[owner] = counts.get(owner, 0) + 1
    sizes = {one.name: one.bytes for one in measurement.distributions}
    sizes[PROJECT] = project_bytes
    whole_time, whole_size = sum(times.values()) or 1.0, sum(sizes.values()) or 1
    found = [
        Share(
            name=name,
            time_ms=times.get(name, 0.0),
            time_share=times.get(name, 0.0) / whole_time,
            size_bytes=sizes.get(name, 0),
            size_share=sizes.get(name, 0) / whole_size,
            modules=counts.get(name, 0),
        )
        for name in {**times, **sizes}
    ]
    return sorted(found, key=lambda share: (-share.time_ms, -share.size_bytes, share.name))


def changes(measurement: Measurement, attribution: Attribution, root: Path) -> list[Change]:
    """Return the imports in the project's code that would save most when they were not made at the start."""
    whole = sum(module.total_ms for module in measurement.tree) or 1.0
    found: dict[tuple[str, str], float] = {}
    for top in measurement.tree:
        for importer in top.walk():
            if attribution.is_project(importer.name):
                _add_imports(importer, attribution, found)
    wanted = [
        Change(
            package=package,
            time_ms=spent,
            time_share=spent / whole,
            file=_relative(measurement.files, importer, root),
            line=_line_of(measurement.files, importer, package),
        )
        for (importer, package), spent in found.items()
        if spent >= SMALLEST_CHANGE_MS and spent / whole >= SMALLEST_CHANGE_SHARE
    ]
    return sorted(wanted, key=lambda change: -change.time_ms)[:MOST_CHANGES]


def _add_imports(importer: Imported, attribution: Attribution, found: dict[tuple[str, str], float]) -> None:
    for child in importer.children:
        if not attribution.is_project(child.name):
            key = (importer.name, child.top)
            found[key] = found.get(key, 0.0) + child.total_ms


def _relative(files: Mapping[str, str | None], module: str, root: Path) -> str:
    file = Path(files[module] or "")
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _line_of(files: Mapping[str, str | None], module: str, package: str) -> int | None:
    """Return the line of the import statement; None when it is not written as one."""
    try:
        tree = ast.parse(Path(files[module] or "").read_bytes())
    except (OSError, SyntaxError, ValueError):
        # Not a file of source code: a compiled module, or one out of an archive.
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        if any(name.partition(".")[0] == package for name in names):
            return node.lineno
    return None
