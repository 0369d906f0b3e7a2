"""One session per stage and folder: a file lock, and a note of who holds it.

The lock is the operating system's, on `.sundog/<stage>/session.lock`: it is gone with the process that held it, however
that ended, so a crash leaves nothing to clean. The note beside it, `session.json`, tells other commands where the
session's cloud answers; it is believed only while the lock is held.
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

from sundog.errors import BusyError, ConfigError

LOCK_FILE = "session.lock"
NOTE_FILE = "session.json"


class StageBusy(BusyError):
    """Another sundog process works on the same stage of the same project.

    Two of them would deploy over each other and answer each other's events.
    """

    code = "SD-BUSY-001"


class StateNotWritable(ConfigError):
    """The project's `.sundog/` folder cannot be written.

    All state of a stage is kept there: the embedded cloud's data, the cloud assembly, logs.
    """

    code = "SD-CONFIG-012"


class SessionNote(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a stage."""

    pid: int
    command: str
    """`dev`, `deploy`, …"""
    started_at: float
    endpoint_url: str | None = None
    """Where the stage's cloud answers; None until it does, and for AWS."""
    debug_port: int | None = None


@contextlib.contextmanager
def hold_stage(stage_dir: Path, note: SessionNote) -> Iterator[None]:
    """Hold a stage for the length of a `with` block.

    Raises:
        StageBusy: Another process holds it.
        StateNotWritable: The folder cannot be made or written.
    """
    try:
        stage_dir.mkdir(parents=True, exist_ok=True)
        file = (stage_dir / LOCK_FILE).open("a+b")
    except OSError as error:
        raise _not_writable(stage_dir, error) from error
    with file:
        if not _try_lock(file):
            raise _busy(stage_dir)
        try:
            write_note(stage_dir, note)
            yield
        finally:
            (stage_dir / NOTE_FILE).unlink(missing_ok=True)


def write_note(stage_dir: Path, note: SessionNote) -> None:
    """Replace the note; only the holder of the lock may.

    Raises:
        StateNotWritable: The disk is full, or the folder is not ours any more.
    """
    temporary = stage_dir / f".{NOTE_FILE}"
    try:
        temporary.write_bytes(msgspec.json.encode(note))
        temporary.replace(stage_dir / NOTE_FILE)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _not_writable(stage_dir, error) from error


def running_session(stage_dir: Path) -> SessionNote | None:
    """Return the note of the process that holds a stage, or None when nobody does."""
    try:
        file = (stage_dir / LOCK_FILE).open("r+b")
    except FileNotFoundError:
        return None
    with file:
        if _try_lock(file):
            return None
    try:
        return msgspec.json.decode((stage_dir / NOTE_FILE).read_bytes(), type=SessionNote)
    except (FileNotFoundError, msgspec.MsgspecError):
        # The holder is between taking the lock and writing its note, or about to let go.
        return None


def _not_writable(stage_dir: Path, error: OSError) -> StateNotWritable:
    is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StateNotWritable(
        f"`{stage_dir}` cannot be written",
        why=error.strerror,
        fix="free some space: the disk is full" if is_full else "make the folder writable for your user",
    )


def _busy(stage_dir: Path) -> StageBusy:
    note = running_session(stage_dir)
    stage = stage_dir.name
    if note is None:
        return StageBusy(
            f"another sundog command works on the stage `{stage}` of this project",
            fix="wait for it to end, or use another stage with `--stage`",
        )
    return StageBusy(
        f"`sundog {note.command}` already works on the stage `{stage}` of this project (process {note.pid})",
        why="two would deploy over each other and answer each other's events",
        fix=[
            "use that one: it sees your edits and deploys them",
            f"or stop it: kill {note.pid}",
            "or use another stage with `--stage`",
        ],
    )


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
