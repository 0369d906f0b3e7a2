"""Modules that a Python handler imports and its package does not have, found before it is deployed.

From the handler's file on, the project's own modules are parsed (nothing is imported) and their imports looked up in
the package. Only imports that always run count: those under `try`, `if TYPE_CHECKING` or in functions may be optional.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from sundog.errors import BundleError, Location, SeveralErrors, SundogError
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project

ON_LAMBDA = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six", "urllib3", "awslambdaric"}
)
"""What Lambda's Python runtimes bring."""
_STANDARD = sys.stdlib_module_names | {
    "asynchat",
    "asyncore",
    "distutils",
    "imp",
    "smtpd",
    "cgi",
    "cgitb",
    "telnetlib",
}
"""The standard library, and what older runtimes still have of it."""


class DependencyMissing(BundleError):
    """A handler imports a module that is neither in the project nor among its dependencies."""

    code = "SD-BUNDLE-018"


def check_imports(project: Project, entry: FunctionEntry, package: Path, declared_in: Path | None) -> None:
    """Refuse a package in which an import would fail.

    Args:
        project: For the places in messages.
        entry: The function.
        package: The folder with everything that Lambda gets.
        declared_in: The file with the project's dependencies.

    Raises:
        DependencyMissing: One module is missing.
        SeveralErrors: More than one is.
    """
    source = project.root / entry.source
    missing: dict[str, SundogError] = {}
    pending = [(project.root / entry.file).relative_to(source)]
    seen = set(pending)
    while pending:
        file = pending.pop()
        text = (package / file).read_text("utf-8", "replace")
        for name, line in _imports(text, file):
            top = name.split(".", maxsplit=1)[0]
            if top in _STANDARD or top in ON_LAMBDA:
                continue
            own = _own_modules(package, source, name)
            pending += [found for found in own if found not in seen]
            seen.update(own)
            if top not in missing and not _is_in(package, top):
                where = Location(project.relative(source / file), line, text.splitlines()[line - 1].strip())
                missing[top] = _missing(project, top, where, declared_in)
    if len(missing) > 1:
        raise SeveralErrors(missing.values())
    for error in missing.values():
        raise error


def _missing(project: Project, name: str, where: Location, declared_in: Path | None) -> DependencyMissing:
    file = project.relative(declared_in) if declared_in else "pyproject.toml"
    package = name.replace("_", "-")
    add = (
        f"`uv add {package}`"
        if declared_in is None or declared_in.name != "requirements.txt"
        else f"add `{package}`"
    )
    return DependencyMissing(
        f"the handler imports `{name}`, which the package would not have",
        where=where,
        why=f"it is not in the project, nor installed by the dependencies in {file}",
        fix=f"{add} (in case the package has another name than the module, that one)",
    )


def _imports(text: str, file: Path) -> Iterator[tuple[str, int]]:
    """Yield the absolute names of modules that are imported whenever the module `file` is, with their lines."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        # Synth reports it, with its place; here only imports matter.
        return
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        statement = pending.pop(0)
        match statement:
            case ast.Import():
                yield from ((alias.name, statement.lineno) for alias in statement.names)
            case ast.ImportFrom(level=level):
                # Each dot but the first leads one package up.
                parents = file.parent.parts[: len(file.parent.parts) + 1 - level] if level else ()
                module = ".".join([*parents, *([statement.module] if statement.module else [])])
                if not module:
                    continue
                yield module, statement.lineno
                yield from ((f"{module}.{alias.name}", statement.lineno) for alias in statement.names)
            case ast.With() | ast.ClassDef():
                pending += statement.body
            case _:
                continue


def _own_modules(package: Path, source: Path, name: str) -> list[Path]:
    """Return the files of the project that importing a name runs, relative to the source folder."""
    found: list[Path] = []
    folder = Path()
    for part in name.split("."):
        initial, module = folder / part / "__init__.py", folder / f"{part}.py"
        if (source / module).is_file():
            found.append(module)
            break
        if (source / initial).is_file():
            found.append(initial)
        folder /= part
    return [file for file in found if (package / file).is_file()]


def _is_in(package: Path, name: str) -> bool:
    return (
        (package / name).is_dir()
        or (package / f"{name}.py").is_file()
        or any(package.glob(f"{name}.*.so"))
        or any(package.glob(f"{name}.abi3.so"))
    )
