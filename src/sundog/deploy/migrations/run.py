"""Running migrations and undoing them, each in a transaction.

The table `sundog_migrations` of the database itself says which it has, with a checksum of each: what was run is never run again,
and is not to be edited. The row is written first, in the same transaction: of two deploys at a time, one waits for the
other and then finds that there is nothing to do, or fails without harm.
"""

from __future__ import annotations

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
from sundog.deploy.migrations.files import UNDO_SUFFIX, Migration, Script, read_migrations
from sundog.deploy.report import Report
from sundog.errors import DeployError, Location, suggestion
from sundog.model.database import DatabaseTarget, read_database_target
from sundog.model.manifest import DatabaseEntry, Manifest

TABLE = "sundog_migrations"
_CREATE_TABLE = (
    f"create table if not exists {TABLE} (name varchar(255) primary key, checksum char(64) not null,"
    " applied_at timestamp not null default current_timestamp)"
)
_SELECT_APPLIED = f"select name, checksum, applied_at from {TABLE} order by name"  # noqa: S608 - a name of ours
_INSERT = f"insert into {TABLE} (name, checksum) values (:name, :checksum)"  # noqa: S608 - a name of ours
_DELETE = f"delete from {TABLE} where name = :name"  # noqa: S608 - a name of ours


class MigrationChanged(DeployError):
    """A migration was edited, renamed or removed after a database had run it, or a new one sorts before it.

    A database runs each file once, so an edit would reach new databases only. Undo it, and write a new migration that sorts
    after the others. While nobody else has run it, `sundog migrate --redo` takes the last one back and runs it as it is now.
    """

    code = "SD-DATABASE-010"


class MigrationFailed(DeployError):
    """A statement of a migration failed.

    With Postgres the whole file was undone. MySQL keeps what statements such as `create table` have done, because it ends the
    transaction at each of them: take that back by hand before the next deploy. Migrations before it are in place.
    """

    code = "SD-DATABASE-011"


class MigrationWithoutWayBack(DeployError):
    """A migration is to be undone, and there is no file that says how.

    What undoes `0001_users.sql` is `0001_users.down.sql`, beside it.
    """

    code = "SD-DATABASE-015"


class UnknownMigration(DeployError):
    """No migration of a database has the name that was given."""

    code = "SD-DATABASE-014"


class MigrationState(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one migration: `ran`, `pending`, `edited` since it ran, or `missing`, when its file is gone."""

    database: str
    name: str
    state: str
    ran_at: str = ""
    can_undo: bool = False


def database_target(entry: DatabaseEntry, states: Mapping[str, StackState]) -> DatabaseTarget | None:
    """Return what the deployed stack says about a database; None when the stack is not deployed."""
    state = states.get(entry.stack)
    for output in state.outputs if state is not None else ():
        if output.key == entry.output:
            return read_database_target(output.value)
    return None


class Migrations:
    """The migrations of one database: the files, and what has run of them."""

    def __init__(
        self,
        connection: AwsConnection,
        entry: DatabaseEntry,
        target: DatabaseTarget,
        files: Sequence[Migration],
        applied: Mapping[str, tuple[str, str]],
    ) -> None:
        self._connection, self.entry, self._target = connection, entry, target
        self._files = {migration.name: migration for migration in files}
        self._applied = dict(applied)

    @classmethod
    async def read(
        cls, connection: AwsConnection, root: Path, entry: DatabaseEntry, target: DatabaseTarget
    ) -> Migrations:
        """Read the folder and ask the database.

        Args:
            connection: The way to the stage.
            root: Folder of the project.
            entry: The database.
            target: Where it is.

        Raises:
            MigrationInvalid: A file is not a migration.
        """
        files = await anyio.to_thread.run_sync(read_migrations, root, entry)
        await rds_data.execute(connection, target, _CREATE_TABLE)
        rows = await rds_data.execute(connection, target, _SELECT_APPLIED)
        return cls(
            connection, entry, target, files, {str(row[0]): (str(row[1]), str(row[2])) for row in rows}
        )

    def states(self) -> list[MigrationState]:
        """Return what is known of each, in the order in which they run."""
        return [self._state(name) for name in sorted({*self._files, *self._applied})]

    def _state(self, name: str) -> MigrationState:
        migration, (checksum, ran_at) = self._files.get(name), self._applied.get(name, ("", ""))
        if migration is None:
            state = "missing"
        elif not checksum:
            state = "pending"
        else:
            state = "ran" if checksum == migration.script.checksum else "edited"
        return MigrationState(
            database=self.entry.name,
            name=name,
            state=state,
            ran_at=ran_at,
            can_undo=migration is not None and migration.undo is not None,
        )

    async def up(self, last: str | None = None) -> list[str]:
        """Run what has not run yet; return the names.

        Args:
            last: The last one to run; None for all.

        Raises:
            MigrationChanged: One that was run is not what it was.
            MigrationFailed: A statement failed.
        """
        self._check_applied()
        pending = [
            name for name in self._files if name not in self._applied and (last is None or name <= last)
        ]
        for name in pending:
            await self._run(self._files[name])
        return pending

    async def down(self, first: str | None = None) -> list[str]:
        """Undo what has run, the last first; return the names.

        Args:
            first: The first one to undo, and with it all that ran after it; None for the last one alone.

        Raises:
            MigrationWithoutWayBack: One has no file that says how; nothing was undone then.
            MigrationFailed: A statement failed.
        """
        ran = sorted(self._applied, reverse=True)
        going = ran[:1] if first is None else [name for name in ran if name >= first]
        ways = [(name, self._way_back(name)) for name in going]
        for name, way in ways:
            await self._in_transaction(name, way, _DELETE, {"name": name}, "undoing")
            del self._applied[name]
        return going

    async def redo(self) -> list[str]:
        """Undo the last one that ran, and run it as its file is now; return its name."""
        undone = await self.down()
        for name in undone:
            await self._run(self._files[name])
        return undone

    async def to(self, name: str) -> tuple[list[str], list[str]]:
        """Make a migration the last one that has run; return what was undone and what ran.

        Raises:
            UnknownMigration: There is none of this name.
        """
        if name not in self._files:
            close = suggestion(name, self._files)
            raise UnknownMigration(
                f"Database `{self.entry.name}` has no migration `{name}`",
                why=f"its migrations are the files of `{self.entry.migrations}`, without `.sql`",
                fix=f"write `{close}`" if close else "`sundog migrate --list` shows them",
            )
        after = [one for one in self._applied if one > name]
        return (await self.down(min(after)) if after else []), await self.up(name)

    def _way_back(self, name: str) -> Script:
        migration = self._files.get(name)
        if migration is None or migration.undo is None:
            raise MigrationWithoutWayBack(
                f"the migration `{name}` of Database `{self.entry.name}` cannot be undone",
                where=f"{self.entry.migrations}/{name}.sql",
                why=f"there is no `{name}{UNDO_SUFFIX}`, which would say how"
                if migration is not None
                else "its file is not there any more",
                fix=f"write `{self.entry.migrations}/{name}{UNDO_SUFFIX}`",
            )
        return migration.undo

    def _check_applied(self) -> None:
        last = max(self._applied, default="")
        for one in self.states():
            if one.state in ("missing", "edited"):
                what = "is not there any more" if one.state == "missing" else "was edited"
                raise MigrationChanged(
                    f"the migration `{one.name}` of Database `{self.entry.name}` {what} after it was run",
                    where=f"{self.entry.migrations}/{one.name}.sql",
                    why="databases that have run it would differ from those that run the new one",
                    fix="put it back as it was, and write a new migration with the change",
                )
            if one.state == "pending" and one.name < last:
                raise MigrationChanged(
                    f"the migration `{one.name}` of Database `{self.entry.name}` comes before `{last}`, which was run already",
                    where=self._files[one.name].script.file,
                    why="migrations run in the order of their names",
                    fix="rename it so that it comes last",
                )

    async def _run(self, migration: Migration) -> None:
        row = {"name": migration.name, "checksum": migration.script.checksum}
        await self._in_transaction(migration.name, migration.script, _INSERT, row, "")
        self._applied[migration.name] = (migration.script.checksum, "")

    async def _in_transaction(
        self, name: str, script: Script, note: str, row: Mapping[str, str], what: str
    ) -> None:
        """Run a file, and note in the table of the database that it was run or undone."""
        connection, target = self._connection, self._target
        transaction = await rds_data.begin(connection, target)
        where: Location | str = script.file
        try:
            await rds_data.execute(connection, target, note, row, within=transaction)
            for statement in script.statements:
                where = Location(script.file, statement.line, statement.sql.splitlines()[0])
                await rds_data.execute(connection, target, statement.sql, within=transaction)
            await rds_data.commit(connection, target, transaction)
        except RequestRefused as error:
            await roll_back(connection, target, transaction)
            raise MigrationFailed(
                f"{what} the migration `{name}` of Database `{self.entry.name}` failed".strip(),
                where=where,
                why=error.aws_message,
                fix="correct the statement, then undo it again"
                if what
                else "correct the statement, then deploy again, or run `sundog migrate`",
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


async def migrations_of(
    connection: AwsConnection, root: Path, manifest: Manifest, states: Mapping[str, StackState]
) -> list[Migrations]:
    """Return the migrations of all databases that are deployed and have some.

    Raises:
        SundogError: A file is no migration, or a database does not answer; `SeveralErrors` when more than one does not.
    """
    found = [
        (entry, target)
        for entry in manifest.databases
        if entry.migrations is not None and (target := database_target(entry, states)) is not None
    ]
    return await for_all(lambda pair: Migrations.read(connection, root, *pair), found)


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
    databases = await migrations_of(connection, root, manifest, states)

    async def one(database: Migrations) -> list[str]:
        names = await database.up()
        if names:
            report.notice("info", f"Database `{database.entry.name}`: {', '.join(names)} ran")
        return names

    ran = await for_all(one, databases)
    return {database.entry.name: names for database, names in zip(databases, ran, strict=True)}
