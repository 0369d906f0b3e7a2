"""What goes on around a build: the user's commands before and after it, and the files that are copied into the package."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from sundog.bundle.options import CopiedFile
from sundog.bundle.request import declared_at
from sundog.errors import BundleError
from sundog.model.manifest import FunctionEntry
from sundog.model.programs import run_program

OUTPUT_VARIABLE = "SUNDOG_OUTPUT"
"""Tells a command where the package is made."""
FUNCTION_VARIABLE = "SUNDOG_FUNCTION"


class HookFailed(BundleError):
    """A command of `hooks` in `build` ended with an error, so the function was not built.

    Its last lines are shown. It ran in the project's folder; `SUNDOG_OUTPUT` named the folder that becomes the package, and
    `SUNDOG_FUNCTION` the function.
    """

    code = "SD-BUNDLE-023"


class CopiedFileMissing(BundleError):
    """A file or folder of `copy_files` in `build` is not there.

    `from` is a path from the project's folder. What a command of `hooks` makes must be there when the commands of `before` have
    run.
    """

    code = "SD-BUNDLE-024"


def run_hooks(
    entry: FunctionEntry,
    commands: Sequence[str],
    when: Literal["before", "after"],
    *,
    root: Path,
    output: Path,
    environ: Mapping[str, str],
) -> None:
    """Run commands of the user's, one after the other.

    Args:
        entry: The function that is built.
        commands: For the shell.
        when: Before or after its build.
        root: The project's folder, where they run.
        output: The folder that becomes the package.
        environ: Their environment, besides what tells them of the build.

    Raises:
        HookFailed: One of them did.
    """
    told = {OUTPUT_VARIABLE: str(output), FUNCTION_VARIABLE: entry.name}
    for command in commands:
        done = run_program(command, folder=root, environ={**environ, **told})
        if done.status:
            raise HookFailed(
                f"a command that runs {when} the build of `{entry.name}` failed: `{command}`",
                where=declared_at(entry),
                why=f"it ended with status {done.status}",
                fix=f"mend what it says, and try it: `{command}`",
                details=done.last_lines,
            )


def copied_path(entry: FunctionEntry, one: CopiedFile, root: Path) -> Path:
    """Return the file or folder that is to be copied.

    Raises:
        CopiedFileMissing: There is none.
    """
    path = root / one.source
    if not path.exists():
        raise CopiedFileMissing(
            f"`{one.source}` of `copy_files` of `{entry.name}` is not there",
            where=declared_at(entry),
            why=f"there is no `{path}`",
            fix="correct `from`, which is a path from the project's folder",
        )
    return path


def copy_files(entry: FunctionEntry, copied: Sequence[CopiedFile], *, root: Path, output: Path) -> None:
    """Copy files and folders into a package; a file that is there already is replaced.

    Raises:
        CopiedFileMissing: One is not there.
    """
    for one in copied:
        path, target = copied_path(entry, one, root), output / one.target
        if path.is_dir():
            shutil.copytree(path, target, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


def files_of(path: Path) -> list[Path]:
    """Return a file itself, or the files below a folder, in a stable order."""
    if not path.is_dir():
        return [path]
    found = [Path(folder) / name for folder, _, names in os.walk(path) for name in names]
    return sorted(found)
