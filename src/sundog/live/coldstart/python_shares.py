"""Whom the modules of a Python handler belong to, and what to do about an import."""

from __future__ import annotations

import ast
from collections.abc import Collection
from pathlib import Path

from sundog.live.coldstart.measure import Measurement
from sundog.live.coldstart.shares import PROJECT

STANDARD = "standard library"


class PythonAttribution:
    """Implements `sundog.live.coldstart.shares.Attribution`."""

    def __init__(
        self, measurement: Measurement, *, root: Path, source: Path, standard: Collection[str]
    ) -> None:
        """Take what is known of modules.

        Args:
            measurement: What was measured.
            root: The project's folder.
            source: The function's source folder.
            standard: Names of Python's own modules.
        """
        self._files = measurement.files
        self._root = root
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

    def package(self, module: str) -> str:
        """Return the top package, which is what an import names: not always what it was installed as."""
        return module.partition(".")[0]

    def place(self, importer: str, package: str) -> tuple[str, int | None]:
        """Return the importer's file, and the line of the import statement; None when it is not written as one."""
        file = Path(self._files[importer] or "")
        name = file.relative_to(self._root).as_posix() if file.is_relative_to(self._root) else str(file)
        return name, _line_of(file, package)

    def advice(self, package: str) -> str:
        """Return what to change about the import of a package."""
        if package in {"boto3", "botocore"}:
            return (
                "take ready clients from `sundog_runtime.resources`: boto3 is loaded when the first is used"
            )
        return f"import `{package}` in the function that needs it, unless every request does"


def _line_of(file: Path, package: str) -> int | None:
    try:
        tree = ast.parse(file.read_bytes())
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
