"""What a Python function depends on, from the files that the project has.

The nearest folder with such files counts, from the function's source folder up to the project's: `uv.lock`, else
`requirements.txt`, else the `[project]` table of `pyproject.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from sundog.bundle.uv_tool import run_uv
from sundog.errors import BundleError

_ON_LAMBDA = ("boto3", "botocore", "s3transfer")
"""Lambda's Python runtimes have these."""
_NEVER = ("sundog", "sundog-runtime", "aws-cdk-lib", "constructs", "jsii")
"""Only the app file needs these, or they are added otherwise."""
_NAME = re.compile(r"\s*([A-Za-z0-9][\w.-]*)")


class NoDependencyFile(BundleError):
    """A project's dependencies are in a form that sundog does not read: Poetry's own table, or a Pipfile.

    Export them to a `requirements.txt`, or write them into `[project]`, which every tool understands.
    """

    code = "SD-BUNDLE-016"


class Requirements(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be installed."""

    lines: tuple[str, ...]
    """In the form of a requirements file."""
    excluded: tuple[str, ...]
    """Packages that are not installed even when others depend on them."""
    folder: Path
    """Relative paths in the lines start here."""
    file: Path | None
    """Where they were declared."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be installed."""
        return all(package_name(line) in self.excluded for line in self.lines)


def find_requirements(root: Path, source: Path, environ: Mapping[str, str], platform: str) -> Requirements:
    """Return the requirements of a source folder.

    Args:
        root: The project's folder.
        source: The function's, in it.
        environ: The environment in which uv runs.
        platform: The function's runtime and architecture, for messages.

    Raises:
        BundleError: They cannot be read.
    """
    for folder in (source, *(parent for parent in source.parents if parent.is_relative_to(root))):
        found = _in_folder(folder, environ, platform)
        if found is not None:
            return found
    return Requirements(lines=(), excluded=_NEVER, folder=root, file=None)


def _in_folder(folder: Path, environ: Mapping[str, str], platform: str) -> Requirements | None:
    project = _project_table(folder)
    if (folder / "uv.lock").is_file() and project is not None:
        return _locked(folder, _pinned(project.get("dependencies", [])), environ, platform)
    if (folder / "requirements.txt").is_file():
        return _plain(
            folder, folder / "requirements.txt", (folder / "requirements.txt").read_text("utf-8").splitlines()
        )
    if project is not None:
        return _plain(folder, folder / "pyproject.toml", project.get("dependencies", []))
    for name, fix in (
        ("poetry.lock", "poetry export -f requirements.txt -o requirements.txt"),
        ("Pipfile.lock", "pipenv requirements > requirements.txt"),
    ):
        if (folder / name).is_file():
            raise NoDependencyFile(
                f"the dependencies in `{name}` cannot be read",
                where=str(folder / name),
                why="sundog reads uv.lock, requirements.txt and the [project] table of pyproject.toml",
                fix=f"run `{fix}`",
            )
    return None


def _project_table(folder: Path) -> dict[str, list[str]] | None:
    file = folder / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("project")
    except tomllib.TOMLDecodeError as error:
        raise NoDependencyFile(
            "`pyproject.toml` is not valid TOML", where=str(file), why=str(error), fix="correct the file"
        ) from error
    return table if isinstance(table, dict) else None


def _plain(folder: Path, file: Path, lines: Iterable[str]) -> Requirements:
    kept = tuple(line for line in (line.strip() for line in lines) if line and not line.startswith("#"))
    return Requirements(lines=kept, excluded=_excluded(_pinned(kept)), folder=folder, file=file)


def _locked(folder: Path, pinned: set[str], environ: Mapping[str, str], platform: str) -> Requirements:
    excluded = _excluded(pinned)
    arguments = [
        "export",
        "--frozen",
        "--no-dev",
        "--no-emit-project",
        "--no-header",
        "--no-annotate",
        "--project",
        ".",
    ]
    for name in excluded:
        arguments += ["--prune", name]
    exported = run_uv(arguments, folder=folder, environ=environ, platform=platform)
    # Editable members of a workspace are installed as they are; an editable install would point into this machine.
    lines = tuple(
        line.removeprefix("-e ") for line in exported.replace("\\\n", " ").splitlines() if line.strip()
    )
    return Requirements(lines=lines, excluded=excluded, folder=folder, file=folder / "uv.lock")


def _excluded(pinned: set[str]) -> tuple[str, ...]:
    # Who pins boto3 wants that version, with its botocore; everybody else gets Lambda's.
    return _NEVER if pinned & set(_ON_LAMBDA) else (*_NEVER, *_ON_LAMBDA)


def _pinned(lines: Iterable[str]) -> set[str]:
    return {package_name(line) for line in lines if "==" in line.partition(";")[0]}


def package_name(line: str) -> str:
    """Return the normalized name that a line of a requirements file begins with; empty for options and paths."""
    match = _NAME.match(line)
    return re.sub(r"[-_.]+", "-", match[1]).lower() if match else ""
