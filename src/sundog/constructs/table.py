"""A DynamoDB table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk.aws_dynamodb as dynamodb
from constructs import Construct

from sundog.constructs._binding import Access, Binding
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import listed
from sundog.errors import ConstructError, suggestion

_TYPES = {
    "string": dynamodb.AttributeType.STRING,
    "number": dynamodb.AttributeType.NUMBER,
    "binary": dynamodb.AttributeType.BINARY,
}
_PROJECTIONS = {"all": dynamodb.ProjectionType.ALL, "keys_only": dynamodb.ProjectionType.KEYS_ONLY}
_INDEX_KEYS = ("partition_key", "sort_key", "projection")


class InvalidKey(ConstructError):
    """A key of a table or an index is not a name and a type.

    A key is a pair such as `("userId", "string")`. DynamoDB's key types are string, number and binary.
    """

    code = "SD-TABLE-001"


class InvalidIndex(ConstructError):
    """An index of a table has an unknown setting, an unknown projection, or no partition key."""

    code = "SD-TABLE-002"


class Table(SundogConstruct):
    """A DynamoDB table, paid per request.

    A stage that `pyproject.toml` protects keeps the table when it is removed, and can restore it to any second of the
    last 35 days; any other stage does neither.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the tables of the app.
        partition_key: Name and type of the partition key: `("userId", "string")`.
        sort_key: Name and type of the sort key.
        indexes: Global secondary indexes by name: `{"byTag": {"partition_key": ("tag", "string")}}`, each with
            `sort_key` and `projection` (`"all"`, `"keys_only"` or a list of attributes) if wanted.
        time_to_live: Attribute that holds when an item expires, in seconds since the epoch.
        point_in_time_recovery: Keep what it takes to restore the table to an earlier time.
        cdk: `{"table": {…}}` lays properties over the CDK's table; `{"table": existing}` uses one as it is.

    Example:
        >>> notes = Table(stack, "notes", partition_key=("userId", "string"), sort_key=("noteId", "string"))
        >>> Function(stack, "list", handler="functions/notes.list_notes", bind=[notes])
    """

    kind = "Table"
    cdk_keys = ("table",)
    read_only = Access("grant_read_data", doc="Read items, and no more.")
    write_only = Access("grant_write_data", doc="Write and delete items, and no more.")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        partition_key: tuple[str, str] | None = None,
        sort_key: tuple[str, str] | None = None,
        indexes: Mapping[str, Mapping[str, Any]] | None = None,
        time_to_live: str | None = None,
        point_in_time_recovery: bool | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self._keys = {"partition_key": partition_key, "sort_key": sort_key}
        self._indexes = dict(indexes or {})
        configured = {**self._keys, "indexes": indexes, "time_to_live": time_to_live}
        existing = self.cdk_import("table", configured)
        self.cdk.table = existing or self._create(time_to_live, point_in_time_recovery)
        if existing is None:
            for name, index in self._indexes.items():
                self._add_index(name, index)
        self.registry.constructs.append(self)

    def _create(self, time_to_live: str | None, point_in_time_recovery: bool | None) -> dynamodb.Table:  # noqa: FBT001 - the caller's own argument
        recovers = self.registry.stage.protected if point_in_time_recovery is None else point_in_time_recovery
        own: dict[str, Any] = {
            "partition_key": self._attribute("partition_key", self._keys["partition_key"]),
            "sort_key": None
            if self._keys["sort_key"] is None
            else self._attribute("sort_key", self._keys["sort_key"]),
            "billing_mode": dynamodb.BillingMode.PAY_PER_REQUEST,
            "time_to_live_attribute": time_to_live,
            "removal_policy": self.registry.removal_policy,
        }
        if recovers:
            own["point_in_time_recovery_specification"] = dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            )
        return dynamodb.Table(self, "Table", **{**own, **self.cdk_props("table")})

    def _add_index(self, name: str, index: Mapping[str, Any]) -> None:
        for key in index:
            if key not in _INDEX_KEYS:
                close = suggestion(key, _INDEX_KEYS)
                raise self.error(
                    InvalidIndex,
                    f"index `{name}` of Table `{self.id}` has no setting `{key}`",
                    why=f"the settings are {listed(_INDEX_KEYS)}",
                    fix=f"write `{close}`" if close else f"remove `{key}`",
                )
        if "partition_key" not in index:
            raise self.error(
                InvalidIndex,
                f"index `{name}` of Table `{self.id}` has no `partition_key`",
                why="DynamoDB finds the items of an index by it",
                fix=f'add it: `"{name}": {{"partition_key": ("name", "string")}}`',
            )
        sort_key = index.get("sort_key")
        self.cdk.table.add_global_secondary_index(
            index_name=name,
            partition_key=self._attribute("partition_key", index["partition_key"]),
            sort_key=None if sort_key is None else self._attribute("sort_key", sort_key),
            **self._projection(name, index.get("projection", "all")),
        )

    def _projection(self, index: str, projection: object) -> dict[str, Any]:
        if isinstance(projection, str) and projection in _PROJECTIONS:
            return {"projection_type": _PROJECTIONS[projection]}
        if isinstance(projection, (list, tuple)):
            return {
                "projection_type": dynamodb.ProjectionType.INCLUDE,
                "non_key_attributes": list(projection),
            }
        close = suggestion(str(projection), _PROJECTIONS)
        raise self.error(
            InvalidIndex,
            f"index `{index}` of Table `{self.id}`: `{projection}` is not a projection",
            why=f"a projection is {listed(_PROJECTIONS)}, or a list of attributes",
            fix=f"write `{close}`" if close else "leave it out to copy whole items",
        )

    def _attribute(self, argument: str, key: object) -> dynamodb.Attribute:
        match key:
            case (str(name), str(type_name)) if type_name in _TYPES:
                return dynamodb.Attribute(name=name, type=_TYPES[type_name])
            case (str(name), str(type_name)):
                close = suggestion(type_name.lower(), _TYPES) or "string"
                raise self.error(
                    InvalidKey,
                    f"`{type_name}` is not a type of a key",
                    why=f"the types are {listed(_TYPES)}",
                    fix=f'write `{argument}=("{name}", "{close}")`',
                )
            case str(name):
                raise self.error(
                    InvalidKey,
                    f"`{argument}` of Table `{self.id}` has no type",
                    why="a key is a pair of a name and a type",
                    fix=f'write `{argument}=("{name}", "string")`',
                )
            case _:
                raise self.error(
                    InvalidKey,
                    f"Table `{self.id}` has no `{argument}`"
                    if key is None
                    else f"`{argument}` of Table `{self.id}` is `{key!r}`",
                    why="a key is a pair of a name and a type",
                    fix=f'write `{argument}=("id", "string")`',
                )

    @property
    def table_name(self) -> str:
        """Physical name of the table, known to CloudFormation."""
        return str(self.cdk.table.table_name)

    @property
    def table_arn(self) -> str:
        """ARN of the table, known to CloudFormation."""
        return str(self.cdk.table.table_arn)

    @property
    def grants(self) -> dynamodb.ITable:
        """The CDK's table, whose `grant_…` methods `permissions` can name."""
        table: dynamodb.ITable = self.cdk.table
        return table

    def binding(self) -> Binding:
        """Return the name, the ARN, and the permission to read and write items."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={"table_name": self.table_name, "table_arn": self.table_arn},
            grant=self.cdk.table.grant_read_write_data,
        )

    def primary_path(self) -> str:
        """Return the path of the table's CloudFormation resource."""
        return f"{self.path}/Table/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the keys and the indexes."""
        keys = {name: list(key) for name, key in self._keys.items() if key is not None}
        return {**keys, "indexes": sorted(self._indexes)}
