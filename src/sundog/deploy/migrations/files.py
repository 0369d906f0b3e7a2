"""Reading the migrations of a database from its folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from sundog.deploy.migrations.statements import Statement, statements
from sundog.errors import DeployError, Location
from sundog.model.manifest import DatabaseEntry

UNDO_SUFFIX = ".down.sql"
_OWN_TRANSACTION = ("begin", "commit", "rollback", "start transaction", "end")


class MigrationInvalid(DeployError):
    """A file among the migrations is none, or begins and ends transactions itself: each file is one already.

    `0001_users.sql` is a migration, and `0001_users.down.sql` undoes it.
    """

    code = "SD-DATABASE-012"


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A file of SQL."""

    file: str
    """Relative to the project."""
    checksum: str
    statements: tuple[Statement, ...]


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a database's schema, and if there is a file for it, the way back."""

    name: str
    script: Script
    undo: Script | None = None


def read_migrations(root: Path, entry: DatabaseEntry) -> list[Migration]:
    """Return the migrations of a database in the order in which they are run.

    Raises:
        MigrationInvalid: A file has no statement, or one that begins or ends a transaction, or undoes nothing.
    """
    files = {path.name: path for path in sorted((root / str(entry.migrations)).glob("*.sql"))}
    undoing = {
        name.removesuffix(UNDO_SUFFIX): path for name, path in files.items() if name.endswith(UNDO_SUFFIX)
    }
    running = {path.stem: path for name, path in files.items() if not name.endswith(UNDO_SUFFIX)}
    for name, path in undoing.items():
        if name not in running:
            raise MigrationInvalid(
                f"the migration `{entry.migrations}/{path.name}` undoes nothing",
                where=f"{entry.migrations}/{path.name}",
                why=f"there is no `{name}.sql`",
                fix="give it the name of the migration that it undoes",
            )
    return [
        Migration(
            name=name,
            script=_script(path, entry),
            undo=_script(undoing[name], entry) if name in undoing else None,
        )
        for name, path in running.items()
    ]


def _script(path: Path, entry: DatabaseEntry) -> Script:
    file = f"{entry.migrations}/{path.name}"
    # A checkout on another system may end lines differently; that is no edit.
    text = path.read_text("utf-8").replace("\r\n", "\n")
    found = tuple(statements(text, entry.engine))
    if not found:
        raise MigrationInvalid(
            f"the migration `{file}` has no statement", where=file, fix="write one, or remove it"
        )
    for statement in found:
        if statement.first_words.startswith(_OWN_TRANSACTION):
            raise MigrationInvalid(
                f"the migration `{file}` handles transactions itself",
                where=Location(file, statement.line, statement.sql.splitlines()[0]),
                why="each migration is one transaction already",
                fix="remove the statement; split the file where a transaction is to end",
            )
    return Script(file=file, checksum=hashlib.sha256(text.encode()).hexdigest(), statements=found)
