"""Making a database of the local stage new: as its migrations leave it, whatever tests have put into it."""

from __future__ import annotations

from pathlib import Path

from sundog.aws import rds_data
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.deploy.migrations.run import Migrations, roll_back
from sundog.errors import DeployError
from sundog.model.database import DatabaseTarget
from sundog.model.manifest import DatabaseEntry

_PATIENCE = "2s"
_SCHEMAS = (
    "select nspname from pg_namespace where nspname not like 'pg\\_%' and nspname <> 'information_schema'"
)


class DatabaseInUse(DeployError):
    """A test run could not empty a `Database`: a transaction that was begun and not ended holds on to its tables.

    `fresh_sundog_app` drops everything in the database and runs the migrations again. It waits two seconds for transactions to
    end; that no handler runs any more is certain by then.
    """

    code = "SD-DATABASE-013"


async def renew_database(
    connection: AwsConnection, root: Path, entry: DatabaseEntry, target: DatabaseTarget
) -> None:
    """Drop everything in a database, and run its migrations.

    Args:
        connection: The way to the local stage; nobody should do this in an account.
        root: Folder of the project.
        entry: The database; Postgres, as all of the local stage are.
        target: Where it is.

    Raises:
        DatabaseInUse: A transaction holds on to a table.
        SundogError: A migration failed, or is not what it was.
    """
    transaction = await rds_data.begin(connection, target)

    async def run(sql: str) -> list[list[object]]:
        return await rds_data.execute(connection, target, sql, within=transaction)

    try:
        await run(f"set local lock_timeout = '{_PATIENCE}'")
        for (name,) in await run(_SCHEMAS):
            quoted = str(name).replace('"', '""')
            await run(f'drop schema "{quoted}" cascade')
        await run("create schema public")
        await rds_data.commit(connection, target, transaction)
    except RequestRefused as error:
        await roll_back(connection, target, transaction)
        raise DatabaseInUse(
            f"Database `{entry.name}` cannot be emptied",
            why=error.aws_message,
            fix="commit or roll back the transaction that a handler or a test has begun",
        ) from error
    if entry.migrations is not None:
        migrations = await Migrations.read(connection, root, entry, target)
        await migrations.up()
