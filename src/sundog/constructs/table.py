"""A DynamoDB table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_dynamodb as dynamodb
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_event_sources as event_sources
from constructs import Construct

from sundog.constructs._binding import Access
from sundog.constructs._event_sources import STREAM_SETTINGS, add_stream_consumers
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions
from sundog.constructs.kinesis_stream import KinesisStream
from sundog.errors import ConstructError, suggestion

_TYPES = {
    "string": dynamodb.AttributeType.STRING,
    "number": dynamodb.AttributeType.NUMBER,
    "binary": dynamodb.AttributeType.BINARY,
}
_PROJECTIONS = {"all": dynamodb.ProjectionType.ALL, "keys_only": dynamodb.ProjectionType.KEYS_ONLY}
_INDEX_KEYS = ("partition_key", "sort_key", "projection", "cdk")
_LOCAL_INDEX_KEYS = ("sort_key", "projection", "cdk")
_VIEWS = {
    "keys_only": dynamodb.StreamViewType.KEYS_ONLY,
    "new_image": dynamodb.StreamViewType.NEW_IMAGE,
    "old_image": dynamodb.StreamViewType.OLD_IMAGE,
    "new_and_old_images": dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
}


class InvalidKey(ConstructError):
    """A key of a table or an index is not a name and a type.

    A key is a pair such as `("userId", "string")`. DynamoDB's key types are string, number and binary.
    """

    code = "SD-TABLE-001"


class InvalidIndex(ConstructError):
    """An index of a table has an unknown setting, an unknown projection, or no partition key."""

    code = "SD-TABLE-002"


class InvalidStream(ConstructError):
    """A table's stream records something that DynamoDB has no name for, or has a consumer that cannot read it.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
    """

    code = "SD-TABLE-003"


class Table(SendsToFunctions, BindableResource[dynamodb.ITable]):
    """A DynamoDB table, paid per request.

    A stage that `pyproject.toml` protects keeps the table when it is removed, and can restore it to any second of the
    last 35 days; any other stage does neither.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the tables of the app.
        partition_key: Name and type of the partition key: `("userId", "string")`.
        sort_key: Name and type of the sort key.
        indexes: Global secondary indexes by name: `{"byTag": {"partition_key": ("tag", "string")}}`, each with
            `sort_key`, `projection` (`"all"`, `"keys_only"` or a list of attributes) and `cdk` (properties of the CDK) if
            wanted.
        local_indexes: Local secondary indexes by name, each with `sort_key`, and `projection` if wanted.
        stream: Record changes of items: True for items before and after, or `"new_image"`, `"old_image"`, `"keys_only"`.
        consumers: Functions that get the changes, by name: a handler, a `Function`, or a dictionary with `function` and how
            Lambda reads the stream, as those of a `KinesisStream`. They turn the stream on.
        kinesis_stream: A `KinesisStream` that gets the changes too.
        time_to_live: Attribute that holds when an item expires, in seconds since the epoch.
        point_in_time_recovery: Keep what it takes to restore the table to an earlier time.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"table": {…}}` lays properties over the CDK's table; `{"table": existing}` uses one as it is.

    Example:
        >>> notes = Table(stack, "notes", partition_key=("userId", "string"), sort_key=("noteId", "string"), consumers={
        ...     "search": {"function": "functions/search.index", "filters": [{"eventName": ["INSERT", "MODIFY"]}]},
        ... })
        >>> Function(stack, "list", handler="functions/notes.list_notes", bind=[notes])
    """

    kind = "Table"
    cdk_keys = ("table",)
    resource_key, resource_child = "table", "Table"
    table_name = ResourceValue("Physical name of the table, known to CloudFormation.")
    table_arn = ResourceValue("ARN of the table, known to CloudFormation.")
    usual_grant = "grant_read_write_data"
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
        local_indexes: Mapping[str, Mapping[str, Any]] | None = None,
        stream: bool | str | None = None,
        consumers: Mapping[str, Any] | None = None,
        kinesis_stream: KinesisStream | None = None,
        time_to_live: str | None = None,
        point_in_time_recovery: bool | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self._reader = self.reader("consumers", noun="consumer", settings=STREAM_SETTINGS)
        self._stream = self._view(stream, has_consumers=bool(consumers))
        self._keys = {"partition_key": partition_key, "sort_key": sort_key}
        self._indexes = dict(indexes or {})
        self._local_indexes = dict(local_indexes or {})
        configured = {
            **self._keys,
            "indexes": indexes,
            "local_indexes": local_indexes,
            "stream": stream,
            "kinesis_stream": kinesis_stream,
            "time_to_live": time_to_live,
            "point_in_time_recovery": point_in_time_recovery,
        }
        self.take_or_make(
            configured, lambda: self._create(time_to_live, point_in_time_recovery, kinesis_stream)
        )
        if self.is_ours:
            for name, index in self._indexes.items():
                self._add_index(name, index)
            for name, index in self._local_indexes.items():
                self._add_local_index(name, index)
        if consumers:
            self.add_consumers(consumers)
        self.registry.constructs.append(self)

    def _view(self, stream: object, *, has_consumers: bool) -> str | None:
        if stream is False and has_consumers:
            raise self.error(
                InvalidStream,
                f"Table `{self.id}` has `consumers` and `stream=False`",
                why="consumers get the changes from the stream",
                fix="remove `stream=False`",
            )
        if stream is None or isinstance(stream, bool):
            return "new_and_old_images" if stream or has_consumers else None
        if stream not in _VIEWS:
            close = suggestion(str(stream).lower(), _VIEWS)
            raise self.error(
                InvalidStream,
                f"Table `{self.id}`: `stream` is `{stream}`",
                why=f"a stream records {listed(_VIEWS)}; True is the last of them",
                fix=f'write `stream="{close}"`' if close else "write `stream=True`",
            )
        return str(stream)

    def add_consumers(self, consumers: Mapping[str, Any]) -> None:
        """Have further functions get the changes of items.

        Args:
            consumers: As the argument of the construct.
        """
        if self._stream is None and self.cdk.table.table_stream_arn is None:
            raise self.error(
                InvalidStream,
                f"Table `{self.id}` has no stream",
                why="consumers get the changes from the stream",
                fix="add `stream=True` where the table is made",
            )

        def source(props: dict[str, Any]) -> lambda_.IEventSource:
            if "starting_position_timestamp" in props:
                raise self.error(
                    InvalidStream,
                    f"a consumer of Table `{self.id}` starts at a datetime",
                    why="streams of DynamoDB are read from `latest` or `trim_horizon`; only Kinesis finds a moment",
                    fix='write `"starting_position": "trim_horizon"`',
                )
            return event_sources.DynamoEventSource(self.cdk.table, **props)

        self.functions |= add_stream_consumers(
            self, self._reader.read(consumers), source, trigger_kind="table"
        )

    def _create(
        self,
        time_to_live: str | None,
        point_in_time_recovery: bool | None,  # noqa: FBT001 - the caller's own argument
        kinesis_stream: KinesisStream | None,
    ) -> dynamodb.Table:
        recovers = self.registry.stage.protected if point_in_time_recovery is None else point_in_time_recovery
        own: dict[str, Any] = {
            "partition_key": self._attribute("partition_key", self._keys["partition_key"]),
            "sort_key": None
            if self._keys["sort_key"] is None
            else self._attribute("sort_key", self._keys["sort_key"]),
            "billing_mode": dynamodb.BillingMode.PAY_PER_REQUEST,
            "time_to_live_attribute": time_to_live,
            "stream": None if self._stream is None else _VIEWS[self._stream],
            "kinesis_stream": None if kinesis_stream is None else kinesis_stream.cdk.stream,
            "removal_policy": self.registry.removal_policy,
        }
        if recovers:
            own["point_in_time_recovery_specification"] = dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            )
        return dynamodb.Table(self, "Table", **{**own, **self.cdk_props("table")})

    def _add_index(self, name: str, index: Mapping[str, Any]) -> None:
        self._check_index(name, index, _INDEX_KEYS, "partition_key")
        sort_key = index.get("sort_key")
        own = {
            "index_name": name,
            "partition_key": self._attribute("partition_key", index["partition_key"]),
            "sort_key": None if sort_key is None else self._attribute("sort_key", sort_key),
            **self._projection(name, index.get("projection", "all")),
        }
        self.cdk.table.add_global_secondary_index(**{**own, **index.get("cdk", {})})

    def _add_local_index(self, name: str, index: Mapping[str, Any]) -> None:
        self._check_index(name, index, _LOCAL_INDEX_KEYS, "sort_key")
        if self._keys["sort_key"] is None:
            raise self.error(
                InvalidIndex,
                f"Table `{self.id}` has the local index `{name}` and no `sort_key`",
                why="a local index sorts the items of a partition another way, and there is one item in each",
                fix="add a `sort_key`, or move the index to `indexes`",
            )
        own = {
            "index_name": name,
            "sort_key": self._attribute("sort_key", index["sort_key"]),
            **self._projection(name, index.get("projection", "all")),
        }
        self.cdk.table.add_local_secondary_index(**{**own, **index.get("cdk", {})})

    def _check_index(self, name: str, index: Mapping[str, Any], keys: tuple[str, ...], required: str) -> None:
        for key in index:
            if key not in keys:
                close = suggestion(key, keys)
                raise self.error(
                    InvalidIndex,
                    f"index `{name}` of Table `{self.id}` has no setting `{key}`",
                    why=f"the settings are {listed(keys)}",
                    fix=f"write `{close}`" if close else f"remove `{key}`",
                )
        if required not in index:
            raise self.error(
                InvalidIndex,
                f"index `{name}` of Table `{self.id}` has no `{required}`",
                why="DynamoDB finds the items of an index by it",
                fix=f'add it: `"{name}": {{"{required}": ("name", "string")}}`',
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

    def attributes(self) -> dict[str, Any]:
        """Return the keys and the indexes."""
        keys = {name: list(key) for name, key in self._keys.items() if key is not None}
        return {
            **keys,
            "indexes": sorted(self._indexes),
            "local_indexes": sorted(self._local_indexes),
            "stream": self._stream,
            "consumers": {name: function.path for name, function in self.functions.items()},
        }
