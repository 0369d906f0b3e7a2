"""The Data API of Aurora on the Postgres of this machine, for apps that have a database.

The emulator keeps clusters as descriptions; what runs SQL it expects in a Docker container. Besides the connection this corrects
how the emulator speaks for Postgres: a statement that waits for another does not hold up everything, a `%` in a statement with
parameters is a `%`, arrays are arrays and bytes are bytes, rows can come as JSON, an answer has a largest size, and errors have
Postgres's own words, as the Data API gives them.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

from .postgres import Postgres

VERSIONS = frozenset({"1.5.33"})
"""Of the emulator: what is replaced here is private, and another version may have it otherwise."""

LARGEST_RESPONSE_BYTES = 1024 * 1024
"""https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html"""
LARGEST_FORMATTED_BYTES = 10_000_000
"""https://docs.aws.amazon.com/rdsdataservice/latest/APIReference/API_ExecuteStatement.html"""


def install(postgres: Postgres, data_api: Any, provisioners: Any) -> None:
    """Have the emulator's Data API use the server.

    Args:
        postgres: The server.
        data_api: The emulator's module.
        provisioners: Its handlers of CloudFormation types.
    """
    if getattr(data_api, "sundog_postgres", None) is postgres:
        return
    data_api.sundog_postgres = postgres
    _connect_with(postgres, data_api)
    _drop_with_cluster(postgres, provisioners)
    _run_beside(data_api)
    _speak_as_aurora(data_api)
    _answer_as_aurora(data_api)


def _connect_with(postgres: Postgres, data_api: Any) -> None:
    has_endpoint, connect = data_api._has_real_endpoint, data_api._connect

    def has_real_endpoint(instance: dict[str, Any]) -> bool:
        return "postgres" in instance.get("Engine", "") or bool(has_endpoint(instance))

    def connect_to(
        instance: dict[str, Any],
        engine: str,
        database: str | None = None,
        password: str | None = None,
        username: str | None = None,
    ) -> Any:
        if "postgres" not in engine:
            return connect(instance, engine, database, password, username)
        cluster = instance.get("DBClusterIdentifier") or instance.get("DBInstanceIdentifier", "")
        return postgres.connect(_in_region(cluster), database or "postgres")

    data_api._has_real_endpoint = has_real_endpoint
    data_api._connect = connect_to


def _drop_with_cluster(postgres: Postgres, provisioners: Any) -> None:
    handler = provisioners._RESOURCE_HANDLERS["AWS::RDS::DBCluster"]
    delete = handler["delete"]

    def delete_cluster(physical_id: str, *rest: Any, **named: Any) -> Any:
        result = delete(physical_id, *rest, **named)
        postgres.drop_cluster(_in_region(physical_id))
        return result

    handler["delete"] = delete_cluster


def _in_region(cluster: str) -> str:
    """Return what tells a cluster from one of another region, which CloudFormation may have given the same name."""
    from ministack.core.responses import get_region

    return f"{get_region()}/{cluster}"


def _run_beside(data_api: Any) -> None:
    handle = data_api.handle_request

    async def handle_request(*arguments: Any) -> Any:
        # A statement may wait for one of another transaction, whose commit must get through.
        return await asyncio.to_thread(lambda: asyncio.run(handle(*arguments)))

    data_api.handle_request = handle_request


def _speak_as_aurora(data_api: Any) -> None:
    plain_value = data_api._field_value

    def substitute(sql: str, names: Any) -> str:
        known = set(names)

        def placeholder(match: re.Match[str]) -> str:
            return f"%({match[1]})s" if match[1] in known else match[0]

        return str(data_api._RE_NAMED_PARAM.sub(placeholder, sql.replace("%", "%%"))) if known else sql

    def value(item: Any, type_name: Any = None) -> Any:
        if isinstance(item, memoryview):
            item = bytes(item)
        return {"arrayValue": _array(item)} if isinstance(item, list) else plain_value(item, type_name)

    def error(problem: Exception) -> Any:
        code, details = getattr(problem, "pgcode", None), getattr(problem, "diag", None)
        if code is None or details is None:
            return data_api._error("BadRequestException", f"Database error: {problem}")
        place = f" Position: {details.statement_position};" if details.statement_position else ""
        text = f"{details.severity}: {details.message_primary};{place} SQLState: {code}"
        return data_api._error("DatabaseErrorException", text)

    data_api._substitute_named_params = substitute
    data_api._field_value = value
    data_api._sql_execution_error = error


def _answer_as_aurora(data_api: Any) -> None:
    execute = data_api._execute_statement

    def execute_statement(data: dict[str, Any]) -> Any:
        as_json = data.get("formatRecordsAs") == "JSON"
        status, headers, body = execute({**data, "includeResultMetadata": True} if as_json else data)
        if status < 400 and as_json:
            body = json.dumps(_formatted(json.loads(body))).encode()
        if status < 400 and len(body) > (LARGEST_FORMATTED_BYTES if as_json else LARGEST_RESPONSE_BYTES):
            return data_api._error(
                "BadRequestException", "Database returned more than the allowed response size limit"
            )
        return status, headers, body

    data_api._execute_statement = execute_statement


def _formatted(answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer with its rows as the text of a JSON array of objects."""
    names = [column["label"] for column in answer.pop("columnMetadata", [])]
    rows = answer.pop("records", None)
    if rows is None:
        return answer
    found = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
    return {**answer, "formattedRecords": json.dumps(found)}


def _plain(field: dict[str, Any]) -> Any:
    kind, value = next(iter(field.items()))
    if kind == "isNull":
        return None
    if kind == "arrayValue":
        return (
            [_plain({"arrayValue": one}) for one in value["arrayValues"]]
            if "arrayValues" in value
            else [*next(iter(value.values()))]
        )
    return value


def _array(items: list[Any]) -> dict[str, Any]:
    if any(isinstance(item, list) for item in items):
        return {"arrayValues": [_array(item) for item in items]}
    for kind, name in ((bool, "booleanValues"), (int, "longValues"), (float, "doubleValues")):
        if items and all(isinstance(item, kind) for item in items):
            return {name: items}
    return {"stringValues": [str(item) for item in items]}
