"""The documentation of every error code, read from the docstrings of the classes that carry them.

The sources are parsed, not imported: `sundog explain` needs none of the packages that they import. The same pages are
written to `docs/errors/` by `scripts/generate-error-docs`.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable
from importlib import resources
from importlib.resources.abc import Traversable
from typing import TypeVar

import msgspec

Kind = TypeVar("Kind")

_ABSTRACT = "-000"
"""The end of the codes of base classes, which no error carries."""

_CODE_PREFIX = "SD-"
_EXIT_MEANINGS = {
    1: "the command failed",
    2: "the command line is wrong",
    3: "the project's configuration is wrong",
    4: "AWS or the credentials failed",
    5: "somebody else holds what is needed",
    70: "a defect of sundog",
    130: "interrupted",
    143: "told to end",
}


class ErrorPage(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about one code."""

    code: str
    name: str
    """The class."""
    module: str
    exit_code: int
    documentation: str
    """The class's docstring."""

    @property
    def title(self) -> str:
        """The first sentence of the documentation."""
        return self.documentation.split("\n\n")[0].replace("\n", " ").strip()

    def text(self) -> str:
        """Return the page for a terminal."""
        return f"{self.code}\n\n{self.documentation}\n\nexit code {self.exit_code}: {_EXIT_MEANINGS[self.exit_code]}"

    def markdown(self) -> str:
        """Return the page for `docs/errors/`."""
        return (
            f"# {self.code}\n\n{self.documentation}\n\n"
            f"Exit code {self.exit_code}: {_EXIT_MEANINGS[self.exit_code]}. "
            f"Class `{self.module}.{self.name}`.\n"
        )


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    module: str
    bases: list[str]
    code: str | None
    exit_code: int | None
    documentation: str


def error_pages() -> dict[str, ErrorPage]:
    """Return the page of each code, in the order of the codes."""
    found = [
        entry
        for file, module in _sources(resources.files("sundog"), "sundog")
        for entry in _classes(file, module)
    ]
    by_name = {entry.name: entry for entry in found}
    pages = [
        ErrorPage(
            code=entry.code,
            name=entry.name,
            module=entry.module,
            exit_code=_exit_code(entry, by_name),
            documentation=entry.documentation,
        )
        for entry in found
        if entry.code is not None and not entry.code.endswith(_ABSTRACT)
    ]
    return {page.code: page for page in sorted(pages, key=lambda page: page.code)}


def index_page(pages: Iterable[ErrorPage]) -> str:
    """Return the list of all codes for `docs/errors/`."""
    rows = "\n".join(f"| [{page.code}]({page.code}.md) | {page.title} |" for page in pages)
    return (
        "# Errors\n\nEvery error of sundog has a code, shown in brackets after its message. `sundog explain CODE` shows the same\n"
        f"pages. They are written from the docstrings by `scripts/generate-error-docs`.\n\n| code | |\n| --- | --- |\n{rows}\n"
    )


def _sources(folder: Traversable, module: str) -> list[tuple[Traversable, str]]:
    found: list[tuple[Traversable, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith(("_", ".", "templates")):
            found += _sources(entry, f"{module}.{entry.name}")
        elif entry.name.endswith(".py"):
            stem = entry.name.removesuffix(".py")
            found.append((entry, module if stem == "__init__" else f"{module}.{stem}"))
    return found


def _classes(file: Traversable, module: str) -> list[_Found]:
    source = file.read_text("utf-8")
    if _CODE_PREFIX not in source:
        return []
    return [
        _Found(
            name=node.name,
            module=module,
            bases=[base.id for base in node.bases if isinstance(base, ast.Name)],
            code=_constant(node, "code", str),
            exit_code=_constant(node, "exit_code", int),
            documentation=inspect.cleandoc(ast.get_docstring(node) or ""),
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
    ]


def _constant(node: ast.ClassDef, name: str, kind: type[Kind]) -> Kind | None:
    for statement in node.body:
        targets = (
            statement.targets
            if isinstance(statement, ast.Assign)
            else [statement.target]
            if isinstance(statement, ast.AnnAssign)
            else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            value = getattr(statement, "value", None)
            if isinstance(value, ast.Constant) and isinstance(value.value, kind):
                return value.value
    return None


def _exit_code(entry: _Found, by_name: dict[str, _Found]) -> int:
    if entry.exit_code is not None:
        return entry.exit_code
    for base in entry.bases:
        if base in by_name:
            return _exit_code(by_name[base], by_name)
    return 1
