"""The folder of a stage's last good cloud assembly, replaced as a whole and only by a good one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sundog.deploy.synth.errors import SynthFolderNotWritable
from sundog.deploy.synth.record import FileState, file_digest, file_stamp
from sundog.model.manifest import Manifest

CDK_MANIFEST = "manifest.json"


class AssemblyFolder:
    """`.sundog/<stage>/assembly`, with the folders that are next to it while a synth runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.next = folder.with_name(f"{folder.name}.next")
        self._previous = folder.with_name(f"{folder.name}.previous")

    def recover(self) -> None:
        """Finish or undo a replacement that a crash interrupted."""
        if not self.folder.exists() and self._previous.exists():
            self._previous.rename(self.folder)
        for leftover in (self._previous, self.next):
            shutil.rmtree(leftover, ignore_errors=True)

    def prepare(self) -> Path:
        """Make the empty folder that the next synth writes to.

        Raises:
            SynthFolderNotWritable: It cannot be made.
        """
        shutil.rmtree(self.next, ignore_errors=True)
        try:
            self.next.mkdir(parents=True)
        except OSError as error:
            raise SynthFolderNotWritable(
                f"`{self.next}` cannot be made", why=str(error), fix="make the project's folder writable"
            ) from error
        return self.next

    def discard(self) -> None:
        """Throw away what a failed synth wrote."""
        shutil.rmtree(self.next, ignore_errors=True)

    def accept(self) -> None:
        """Put the new assembly in the place of the last one."""
        shutil.rmtree(self._previous, ignore_errors=True)
        with contextlib.suppress(FileNotFoundError):  # the first one replaces none
            self.folder.rename(self._previous)
        self.next.rename(self.folder)
        shutil.rmtree(self._previous, ignore_errors=True)

    def next_is_the_same(self) -> bool:
        """Whether the next folder has the same assets as the last good one, and says the same of what is deployed."""
        return _digests(self.next) == _digests(self.folder)

    def state(self) -> dict[str, FileState]:
        """Return the state of all files of the assembly that are not assets."""
        return {
            path.relative_to(self.folder).as_posix(): FileState(
                digest=file_digest(path), stamp=file_stamp(path)
            )
            for path in _described(self.folder)
        }

    def is_as(self, state: Mapping[str, FileState]) -> bool:
        """Whether all of these files are there unchanged."""
        if CDK_MANIFEST not in state:
            return False
        for name, expected in state.items():
            path = self.folder / name
            if file_stamp(path) != expected.stamp and file_digest(path) != expected.digest:
                return False
        return True


def _described(folder: Path) -> list[Path]:
    """Return the files of an assembly that are not assets."""
    return [
        path
        for path in sorted(folder.rglob("*.json"))
        if not any(part.startswith("asset.") for part in path.relative_to(folder).parts)
    ]


def _digests(folder: Path) -> dict[str, str]:
    # An asset's name is the hash of its content. Metadata quotes JavaScript's stacks, in which folders have random names.
    names = dict.fromkeys((path.name for path in folder.glob("**/asset.*")), "")
    files = [path for path in _described(folder) if not path.name.endswith(".metadata.json")]
    return names | {path.relative_to(folder).as_posix(): file_digest(path) for path in files}


def templates(folder: Path) -> dict[str, str]:
    """Return a digest of each template, by its path in the assembly."""
    return {
        path.relative_to(folder).as_posix(): file_digest(path) for path in folder.rglob("*.template.json")
    }


def changed_stacks(
    before: Mapping[str, str], previous: Manifest | None, after: Mapping[str, str], manifest: Manifest
) -> list[str]:
    """Return the names of the stacks whose template is new, different or gone."""
    changed = [
        stack.name
        for stack in manifest.stacks
        if before.get(stack.template_file) != after.get(stack.template_file)
    ]
    kept = {stack.name for stack in manifest.stacks}
    gone = [stack.name for stack in previous.stacks if stack.name not in kept] if previous is not None else []
    return changed + gone


def read_previous_manifest(folder: Path) -> Manifest | None:
    """Return the last good assembly's manifest; None when there is none, or another version of sundog wrote it."""
    from sundog.model.manifest import read_manifest

    try:
        return read_manifest(folder)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
