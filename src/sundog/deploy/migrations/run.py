"""Running the migrations that a database does not have yet, each in a transaction.

The table `sundog_migrations` of the database itself says which it has, with a checksum of each: what was run is never run again,
and is not to be edited. The row is written first, in the same transaction: of two deploys at a time, one waits for the
other and then finds that there is nothing to do, or fails without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from sundog.aws import rds_data
from sundog.aws.cloudformation import StackState
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.deploy.concurrency import for_all
from sundog.deploy.migrations.statements import Statement, statements
from sundog.deploy.report import Report
from sundog.errors import DeployError, Location
from sundog.model.database import DatabaseTarget, read_database_target
from sundog.model.manifest import DatabaseEntry, Manifest

TABLE = "sundog_migrations"
_CREATE_TABLE = (
    f"create table if not exists {TABLE} (name varchar(255) primary key, checksum char(64) not null,"
    " applied_at timestamp not null default current_timestamp)"
)
_SELECT_APPLIED = f"select name, checksum from {TABLE} order by name"  # noqa: S608 - a name of ours
_OWN_TRANSACTION = ("begin", "commit", "rollback", "start transaction", "end")


class MigrationChanged(DeployError):
    """A migration was edited, renamed or removed after a database had run it, or a new one sorts before it.

    A database runs each file once, so an edit would reach new databases only. Undo it, and write a new migration that sorts
    after the others.
    """

    code = "SD-DATABASE-010"


class MigrationFailed(DeployError):
    """A statement of a migration failed.

    With Postgres the whole file was undone. MySQL keeps what statements such as `create table` have done, because it ends the
    transaction at each of them: take that back by hand before the next deploy. Migrations before it are in place.
    """

    code = "SD-DATABASE-011"


class MigrationInvalid(DeployError):
    """A file among the migrations is none, or begins and ends transactions itself: each file is one already."""

    code = "SD-DATABASE-012"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """A file of SQL."""

    name: str
    file: str
    """Relative to the project."""
    checksum: str
    statements: tuple[Statement, ...]


def read_migrations(root: Path, entry: DatabaseEntry) -> list[Migration]:
    """Return the migrations of a database in the order in which they are run.

    Raises:
        MigrationInvalid: A file has no statement, or one that begins or ends a transaction.
    """
    folder = root / str(entry.migrations)
    return [
        _migration(path, f"{entry.migrations}/{path.name}", entry) for path in sorted(folder.glob("*.sql"))
    ]


def _migration(path: Path, file: str, entry: DatabaseEntry) -> Migration:
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
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return Migration(name=path.stem, file=file, checksum=checksum, statements=found)


def database_target(entry: DatabaseEntry, states: Mapping[str, StackState]) -> DatabaseTarget | None:
    """Return what the deployed stack says about a database; None when the stack is not deployed."""
    state = states.get(entry.stack)
    for output in state.outputs if state is not None else ():
        if output.key == entry.output:
            return read_database_target(output.value)
    return None


async def migrate(
    connection: AwsConnection, root: Path, entry: DatabaseEntry, target: DatabaseTarget
) -> list[str]:
    """Run what a database does not have yet; return the names of the migrations that were run.

    Args:
        connection: The way to the stage.
        root: Folder of the project.
        entry: The database.
        target: Where it is.

    Raises:
        MigrationChanged: One that was run is not what it was.
        MigrationFailed: A statement failed.
        MigrationInvalid: A file is not a migration.
    """
    wanted = await anyio.to_thread.run_sync(read_migrations, root, entry)
    await rds_data.execute(connection, target, _CREATE_TABLE)
    rows = await rds_data.execute(connection, target, _SELECT_APPLIED)
    applied = {str(name): str(checksum) for name, checksum in rows}
    _check_applied(entry, wanted, applied)
    pending = [migration for migration in wanted if migration.name not in applied]
    for migration in pending:
        await _run(connection, entry, target, migration)
    return [migration.name for migration in pending]


async def migrate_all(
    connection: AwsConnection,
    report: Report,
    root: Path,
    manifest: Manifest,
    states: Mapping[str, StackState],
) -> dict[str, list[str]]:
    """Migrate all databases that are deployed; return the names of what was run, by the names of the databases.

    Raises:
        SundogError: A migration failed or cannot be run; `SeveralErrors` when more than one did.
    """
    found = [
        (entry, target)
        for entry in manifest.databases
        if entry.migrations is not None and (target := database_target(entry, states)) is not None
    ]

    async def one(pair: tuple[DatabaseEntry, DatabaseTarget]) -> list[str]:
        entry, target = pair
        names = await migrate(connection, root, entry, target)
        if names:
            report.notice("info", f"Database `{entry.name}`: {', '.join(names)} ran")
        return names

    ran = await for_all(one, found)
    return {entry.name: names for (entry, _), names in zip(found, ran, strict=True)}


def _check_applied(entry: DatabaseEntry, wanted: Sequence[Migration], applied: Mapping[str, str]) -> None:
    by_name = {migration.name: migration for migration in wanted}
    last = max(applied, default="")
    for name, checksum in applied.items():
        migration = by_name.get(name)
        if migration is None or migration.checksum != checksum:
            what = "is not there any more" if migration is None else "was edited"
            raise MigrationChanged(
                f"the migration `{name}` of Database `{entry.name}` {what} after it was run",
                where=f"{entry.migrations}/{name}.sql",
                why="databases that have run it would differ from those that run the new one",
                fix="put it back as it was, and write a new migration with the change",
            )
    for migration in wanted:
        if migration.name not in applied and migration.name < last:
            raise MigrationChanged(
                f"the migration `{migration.name}` of Database `{entry.name}` comes before `{last}`, which was run already",
                where=migration.file,
                why="migrations run in the order of their names",
                fix="rename it so that it comes last",
            )


async def _run(
    connection: AwsConnection, entry: DatabaseEntry, target: DatabaseTarget, migration: Migration
) -> None:
    transaction = await rds_data.begin(connection, target)
    where: Location | str = migration.file
    try:
        await rds_data.execute(
            connection,
            target,
            f"insert into {TABLE} (name, checksum) values (:name, :checksum)",  # noqa: S608 - a name of ours
            {"name": migration.name, "checksum": migration.checksum},
            within=transaction,
        )
        for statement in migration.statements:
            where = Location(migration.file, statement.line, statement.sql.splitlines()[0])
            await rds_data.execute(connection, target, statement.sql, within=transaction)
        await rds_data.commit(connection, target, transaction)
    except RequestRefused as error:
        await roll_back(connection, target, transaction)
        raise MigrationFailed(
            f"the migration `{migration.name}` of Database `{entry.name}` failed",
            where=where,
            why=error.aws_message,
            fix="correct the statement, then deploy again, or run `sundog migrate`",
        ) from error
    except BaseException:
        await roll_back(connection, target, transaction)
        raise


async def roll_back(
    connection: AwsConnection, target: DatabaseTarget, transaction: rds_data.Transaction
) -> None:
    """Undo a transaction of which a statement may have failed."""
    with anyio.CancelScope(shield=True):
        try:
            await rds_data.roll_back(connection, target, transaction)
        except RequestRefused:
            # The failure has ended the transaction already; there is nothing left to undo.
            return
