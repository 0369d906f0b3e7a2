"""Which files of a project are the code of a function.

The one definition that the hash of a code asset and the packaging of the code share: what is packaged must be hashed,
or a deploy would miss an edit; what is hashed should be packaged, or an edit would deploy for nothing.

Left out are hidden files, virtual environments, caches, build output, installed packages (the lock file stands for
them), tests at the top, the file that defines the app, and what belongs to the other language alone.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path

IGNORED_FOLDERS = frozenset({"__pycache__", "node_modules", "cdk.out", "site-packages", "htmlcov"})
"""Left out wherever they are, as are all whose names start with a dot, and virtual environments by any name."""

IGNORED_AT_THE_TOP = frozenset({"tests", "test", "build", "dist"})
"""Left out of a source folder itself, not further down, where they may be packages of the user's."""

IGNORED_SUFFIXES = (".pyc", ".pyo", ".log", ".egg-info")
_FILES_AT_THE_TOP = frozenset(
    {"README.md", "CHANGELOG.md", "CONTRIBUTING.md", "cdk.json", "cdk.context.json"}
)
"""Left out at the top: documents (other Markdown may be what a function reads), and what only synth reads."""

_NODE_ONLY = (".ts", ".tsx", ".mts", ".cts", ".jsx")
_NODE_FILES = frozenset(
    {"package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "tsconfig.json", "bun.lock"}
)
_PYTHON_FILES = frozenset(
    {"uv.lock", "poetry.lock", "Pipfile.lock", "Pipfile", "requirements.txt", "pyproject.toml"}
)


def source_files(folder: Path, *, language: str, leave_out: Collection[Path] = ()) -> Iterator[Path]:
    """Yield the files below a folder that the code of its functions may use, in a stable order.

    Args:
        folder: The root of the handlers' paths.
        language: `python` or `node`.
        leave_out: Files and folders besides those above: the app file, the user's `ignore`.
    """
    foreign = (".py", ".pyi") if language == "node" else _NODE_ONLY
    foreign_names = _PYTHON_FILES if language == "node" else _NODE_FILES
    skipped_suffixes = (*IGNORED_SUFFIXES, *foreign)
    left_out = {os.fspath(path) for path in leave_out}
    pending = [(os.fspath(folder), True)]
    while pending:
        current, is_top = pending.pop()
        with os.scandir(current) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        folders = []
        for entry in entries:
            name = entry.name
            if (
                name.startswith(".")
                or name.endswith(skipped_suffixes)
                or entry.path in left_out
                or (is_top and name in _FILES_AT_THE_TOP)
            ):
                continue
            if entry.is_dir():
                if not _is_ignored(entry, is_top=is_top):
                    folders.append((entry.path, False))
            elif name not in foreign_names and entry.is_file():
                yield Path(entry.path)
        pending.extend(reversed(folders))


def _is_ignored(entry: os.DirEntry[str], *, is_top: bool) -> bool:
    return (
        entry.name in IGNORED_FOLDERS
        or (is_top and entry.name in IGNORED_AT_THE_TOP)
        or os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH110, PTH118 - once for each folder
        # A link to a folder above would be walked for ever.
        or (entry.is_symlink() and Path(entry.path).resolve() in Path(entry.path).parents)
    )
