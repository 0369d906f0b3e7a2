"""The folder that stands for `/var/task` of a function whose package has more than its code.

Lambda runs such a function in the folder of its package, where the files are that `copy_files` and the commands of `hooks` put
there. A session runs the sources, so it makes a folder of links: to what is in the source folder, and to what is copied. It is
`LAMBDA_TASK_ROOT` and the working folder of the function; nothing is written into the user's own folders.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from sundog.bundle.extras import copied_path, files_of, run_hooks
from sundog.bundle.javascript import Options
from sundog.bundle.options import BuildOptions, read_options
from sundog.bundle.request import declared_at
from sundog.errors import SundogError
from sundog.live.runner import BuildOutcome
from sundog.model.events import FunctionError
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.threads import in_thread


class TaskRoot:
    """Makes the folder of one function, around each of its builds."""

    def __init__(
        self,
        entry: FunctionEntry,
        options: BuildOptions,
        *,
        root: Path,
        folder: Path,
        environ: Mapping[str, str],
    ) -> None:
        """Describe it; nothing is made yet.

        Args:
            entry: The function.
            options: Its `build`.
            root: The project's folder.
            folder: Where the links are made.
            environ: What commands have in their environment.
        """
        self.folder = folder
        self._entry = entry
        self._options = options
        self._root = root
        self._environ = environ

    async def built(self, build: Callable[[], Awaitable[BuildOutcome]]) -> BuildOutcome:
        """Build the function with the commands before and after it, and make the folder; a failure is the build's."""
        try:
            await in_thread(self._before)
            outcome = await build()
            if outcome.error is None:
                copied = await in_thread(self._after)
                outcome = BuildOutcome(
                    files=outcome.files | copied, error=None, duration_ms=outcome.duration_ms
                )
        except SundogError as error:
            file = (self._root / self._entry.file).resolve()
            return BuildOutcome(files=frozenset({file}), error=_failure(error))
        return outcome

    async def make(self) -> None:
        """Run the commands and make the folder, without a build.

        Raises:
            BundleError: A command failed, or a file that is to be copied is not there.
        """
        await in_thread(self._before)
        await in_thread(self._after)

    def _before(self) -> None:
        added = self._added
        shutil.rmtree(added, ignore_errors=True)
        added.mkdir(parents=True)
        self._run("before")

    def _after(self) -> frozenset[Path]:
        copied: set[Path] = set()
        for one in self._options.copy_files:
            path = copied_path(self._entry, one, self._root).resolve()
            target = self._added / one.target
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                target.symlink_to(path)
            copied.update(files_of(path))
        self._run("after")
        _link((self._root / self._entry.source).resolve(), self._added, self.folder)
        return frozenset(copied)

    @property
    def _added(self) -> Path:
        """Where commands and copies put what is in the package besides the sources."""
        return self.folder.with_name(f"{self.folder.name}.added")

    def _run(self, when: str) -> None:
        before = when == "before"
        run_hooks(
            self._entry,
            self._options.hooks.before if before else self._options.hooks.after,
            "before" if before else "after",
            root=self._root,
            output=self._added,
            environ=self._environ,
        )


def task_root(
    function: DeployedFunction, *, root: Path, folder: Path, environ: Mapping[str, str]
) -> TaskRoot | None:
    """Return what makes a function's folder; None when its sources are all that it has.

    Args:
        function: The function.
        root: The project's folder.
        folder: Where such folders are kept.
        environ: What commands have in their environment.

    Raises:
        UnknownBuildOption: `build` has an option of another name.
    """
    entry = function.entry
    options = read_options(entry.build, declared_at(entry), Options)
    if not options.has_extras:
        return None
    own = folder / entry.id.replace("/", "_")
    return TaskRoot(entry, options, root=root, folder=own, environ=environ)


def _link(source: Path, added: Path, folder: Path) -> None:
    """Fill a folder with links to what is in two others; what was added goes before the sources.

    What is right already stays: an environment that is still at work may be in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = {name for name in _names(source) if not name.startswith(".")} | _names(added)
    for name in _names(folder) - names:
        _remove(folder / name)
    for name in sorted(names):
        ours, theirs, place = source / name, added / name, folder / name
        if theirs.is_dir() and not theirs.is_symlink() and ours.is_dir():
            if place.is_symlink():
                place.unlink()
            _link(ours, theirs, place)
            continue
        target = theirs if theirs.exists() else ours
        if not (place.is_symlink() and place.readlink() == target):
            _remove(place)
            place.symlink_to(target)


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _failure(error: SundogError) -> FunctionError:
    message = ": ".join(part for part in (error.what, error.why) if part)
    frames = [*([f"  at {error.where}"] if error.where else []), *error.details, *error.fixes]
    return FunctionError(error_type="Sundog.BuildFailed", message=message, frames=frames)
