"""The file: opening it for the one writer or for readers, bringing its schema up to date, moving a bad one aside.

The schema is the numbered files in `schema/`, applied in order; `PRAGMA user_version` says which have been.
`PRAGMA application_id` tells our file from any other SQLite file.

A file that is not ours, is damaged, or comes from a newer sundog is renamed, never deleted: it may be somebody's.
"""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import msgspec

from sundog.errors import SundogError

APPLICATION_ID = 0x53554E44
"""`SUND`, in the header of every database of ours."""

BUSY_TIMEOUT_MS = 5000
_SIDE_FILES = ("-wal", "-shm")
_FIRST_AUTO_VACUUM = "PRAGMA auto_vacuum = INCREMENTAL"


class StoreUnreadable(SundogError):
    """The event store of a stage exists but cannot be read: it is damaged or not a sundog database.

    `sundog dev` moves such a file aside when it starts and begins a new one.
    """

    code = "SD-STORE-001"


class NoStore(SundogError):
    """There is no event store for the stage yet: nothing has been recorded.

    `sundog dev` records invocations, log lines and deploys of a stage.
    """

    code = "SD-STORE-002"


class _NotOurs(Exception):
    """Why a file is not used."""


class Opened(msgspec.Struct, frozen=True, kw_only=True):
    """A database that is ready to be written."""

    connection: sqlite3.Connection
    moved_aside: Path | None = None
    """Where the file went that was there and could not be used."""
    reason: str | None = None
    """Why it could not."""


def open_for_writing(path: Path, *, now: Callable[[], float]) -> Opened:
    """Open the store, made when missing, brought to the newest schema.

    Raises:
        sqlite3.Error: The folder cannot be written or the disk is full.
        OSError: As above.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Opened(connection=_open_ours(path))
    except _NotOurs as reason:
        aside = move_aside(path, now())
        return Opened(connection=_open_ours(path), moved_aside=aside, reason=str(reason))


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the store while a session may be writing it.

    Raises:
        NoStore: There is none.
        StoreUnreadable: It is damaged, foreign, or of another version of sundog.
    """
    if not path.exists():
        raise _no_store(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0] == 0:
            # Its writer is about to make the tables.
            connection.close()
            raise _no_store(path)
        _check_ours(connection, readable_from=newest_version())
    except (sqlite3.Error, _NotOurs) as error:
        connection.close()
        raise StoreUnreadable(
            "the event store cannot be read",
            where=str(path),
            why=str(error),
            fix="start `sundog dev`: it moves the file aside and begins a new one",
        ) from error
    _add_functions(connection)
    return connection


def _no_store(path: Path) -> NoStore:
    return NoStore(
        f"nothing has been recorded for the stage `{path.parent.name}`",
        where=str(path),
        fix="start a session with `sundog dev`, then invoke a function",
    )


def move_aside(path: Path, now: float) -> Path:
    """Rename a database and its side files; return where it went."""
    aside = path.with_name(f"{path.name}.unusable-{int(now)}")
    count = 1
    while aside.exists():
        aside = path.with_name(f"{path.name}.unusable-{int(now)}-{count}")
        count += 1
    path.rename(aside)
    for suffix in _SIDE_FILES:
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(aside.with_name(aside.name + suffix))
    return aside


def newest_version() -> int:
    """Return the schema version that this sundog writes."""
    return len(_migrations())


def _migrations() -> list[str]:
    folder = resources.files("sundog.store") / "schema"
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    return [file.read_text("utf-8") for file in files]


def _open_ours(path: Path) -> sqlite3.Connection:
    is_new = not path.exists() or path.stat().st_size == 0
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        if is_new:
            path.chmod(0o600)
            connection.execute(_FIRST_AUTO_VACUUM)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        else:
            _check_ours(connection)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _migrate(connection)
    except sqlite3.Error as error:
        connection.close()
        if is_damage(error):
            raise _NotOurs(f"it is damaged: {error}") from error
        raise
    except _NotOurs:
        connection.close()
        raise
    _add_functions(connection)
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is bad, and not the disk or a lock."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _check_ours(connection: sqlite3.Connection, *, readable_from: int = 0) -> None:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if application != APPLICATION_ID:
        raise _NotOurs("it is a database of another program")
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > newest_version():
        raise _NotOurs("a newer version of sundog wrote it")
    if version < readable_from:
        raise _NotOurs(f"its schema is version {version}, this sundog reads version {newest_version()}")
    # Reads the schema and the first pages: a torn file is noticed here, not in the middle of a session.
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()


def _migrate(connection: sqlite3.Connection) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for number, script in enumerate(_migrations()[version:], version + 1):
        # executescript commits what is open; the transaction is inside the script, so a crash leaves it whole or absent.
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")


def _add_functions(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    connection.create_function("regexp", 2, _regexp, deterministic=True)
    connection.create_function("unpacked", 2, unpacked, deterministic=True)


def _regexp(pattern: str, text: str) -> bool:
    # `re` keeps compiled patterns, so this does not compile once per row.
    return re.search(pattern, text) is not None


def unpacked(body: bytes, encoding: str) -> bytes:
    """Return the bytes of a payload as they were before it was stored."""
    return zlib.decompress(body) if encoding == "zlib" else bytes(body)
