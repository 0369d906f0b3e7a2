"""The Data API of Aurora: SQL over HTTPS."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import anyio
import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.model.database import DatabaseTarget

RESUME_SECONDS = 90.0
"""How long a paused database may take to resume; AWS says that it usually takes about 15 seconds."""
_RESUMING = frozenset({"DatabaseResumingException", "DatabaseUnavailableException"})


class Transaction(msgspec.Struct, frozen=True, kw_only=True):
    """One that was begun; `id` is None for statements that stand alone."""

    id: str | None = None


ALONE = Transaction()


async def execute(
    connection: AwsConnection,
    target: DatabaseTarget,
    sql: str,
    parameters: Mapping[str, str] | None = None,
    *,
    within: Transaction = ALONE,
) -> list[list[Any]]:
    """Run a statement and return the rows, each value as Python has it.

    Args:
        connection: The way to the stage.
        target: The database.
        sql: One statement; `:name` stands for a parameter.
        parameters: Texts by name.
        within: A transaction.

    Raises:
        RequestRefused: The database refused; `aws_message` has its words.
    """
    arguments: dict[str, Any] = {"sql": sql, "database": target.database, **_address(target)}
    if parameters:
        arguments["parameters"] = [
            {"name": name, "value": {"stringValue": value}} for name, value in parameters.items()
        ]
    if within.id is not None:
        arguments["transactionId"] = within.id
    # What changes a table goes on when it takes longer than the 45 seconds of the call.
    answer = await _call(connection, "execute_statement", continueAfterTimeout=True, **arguments)
    return [[_value(field) for field in row] for row in answer.get("records", [])]


async def begin(connection: AwsConnection, target: DatabaseTarget) -> Transaction:
    """Begin a transaction."""
    answer = await _call(connection, "begin_transaction", database=target.database, **_address(target))
    return Transaction(id=str(answer["transactionId"]))


async def commit(connection: AwsConnection, target: DatabaseTarget, transaction: Transaction) -> None:
    """Keep what a transaction did."""
    await _call(connection, "commit_transaction", transactionId=transaction.id, **_address(target))


async def roll_back(connection: AwsConnection, target: DatabaseTarget, transaction: Transaction) -> None:
    """Undo what a transaction did."""
    await _call(connection, "rollback_transaction", transactionId=transaction.id, **_address(target))


def _address(target: DatabaseTarget) -> dict[str, str]:
    return {"resourceArn": target.cluster, "secretArn": target.secret}


def _value(field: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a value of SQL
    return None if field.get("isNull") else next(iter(field.values()), None)


async def _call(connection: AwsConnection, operation: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 - those of the operation
    deadline = time.monotonic() + RESUME_SECONDS
    while True:
        try:
            return await connection.call("rds-data", operation, **arguments)
        except RequestRefused as error:
            # A database that has paused says so, and resumes.
            if error.aws_code not in _RESUMING or time.monotonic() > deadline:
                raise
        await anyio.sleep(connection.pace.longest)
