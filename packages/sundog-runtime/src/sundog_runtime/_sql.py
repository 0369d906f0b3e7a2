"""Statements through the Data API, with values as Python has them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sundog_runtime._resources import Database


def execute(
    database: Database, sql: str, transaction_id: str | None, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    """Run one statement and return its rows, each as a dictionary by column."""
    call: dict[str, Any] = {
        "resourceArn": database.cluster_arn,
        "secretArn": database.secret_arn,
        "database": database.database_name,
        "sql": sql,
        "includeResultMetadata": True,
    }
    if parameters:
        call["parameters"] = [{"name": name, "value": _field(value)} for name, value in parameters.items()]
    if transaction_id is not None:
        call["transactionId"] = transaction_id
    answer = database.client.execute_statement(**call)
    columns = [column["name"] for column in answer.get("columnMetadata", [])]
    rows = answer.get("records", [])
    return [dict(zip(columns, map(_value, row))) for row in rows]  # noqa: B905 - Python 3.9 has no strict


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    # A boolean is an integer, too: it comes first.
    for kind, name in (
        (bool, "booleanValue"),
        (int, "longValue"),
        (float, "doubleValue"),
        (bytes, "blobValue"),
    ):
        if isinstance(value, kind):
            return {name: value}
    return {"stringValue": str(value)}


def _value(field: dict[str, Any]) -> Any:
    if field.get("isNull"):
        return None
    (value,) = field.values()
    return next(iter(value.values())) if "arrayValue" in field else value
