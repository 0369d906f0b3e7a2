"""Data sources of a GraphQL API: what its fields are resolved from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import aws_cdk.aws_appsync as appsync

from sundog.constructs._binding import Bindable
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import FunctionSet, identifier
from sundog.constructs._settings import one_of, refuse_missing_settings, refuse_unknown_settings
from sundog.constructs.function import Function
from sundog.errors import ConstructError

_KEYS = {
    "function": ("type", "function"),
    "dynamodb": ("type", "table"),
    "http": ("type", "endpoint"),
    "rds": ("type", "cluster", "secret", "database"),
    "open_search": ("type", "domain"),
    "event_bus": ("type", "event_bus"),
    "none": ("type",),
}
_NEEDED: dict[str, dict[str, str]] = {
    "function": {"function": '"function": "functions/notes.resolve"'},
    "dynamodb": {"table": '"table": notes'},
    "http": {"endpoint": '"endpoint": "https://example.com"'},
    "rds": {"cluster": '"database": orders', "secret": '"secret": secret'},
    "open_search": {"domain": '"domain": domain'},
    "event_bus": {"event_bus": '"event_bus": bus'},
    "none": {},
}


class InvalidDataSource(ConstructError):
    """A data source of an `AppSyncApi` is neither a function nor complete settings of another type.

    The types are `function`, `dynamodb`, `http`, `rds`, `open_search`, `event_bus` and `none`:
    `{"type": "dynamodb", "table": notes}`. A handler alone is a function.
    """

    code = "SD-APPSYNC-001"


class DataSources:
    """The data sources of an API, by the names that resolvers use."""

    def __init__(self, api: SundogConstruct, functions: FunctionSet) -> None:
        """Start without any."""
        self._api = api
        self._functions = functions
        self._made: dict[str, appsync.BaseDataSource] = {}
        self._by_function: dict[str, tuple[appsync.BaseDataSource, Function]] = {}
        self.behind: dict[str, Function] = {}
        """The functions of those data sources that are one, by name."""

    def __contains__(self, name: object) -> bool:
        """Whether there is a data source of a name."""
        return name in self._made

    def __getitem__(self, name: str) -> appsync.BaseDataSource:
        """Return the data source of a name."""
        return self._made[name]

    @property
    def names(self) -> list[str]:
        """The names that the user gave."""
        return list(self._made)

    def add(self, name: str, definition: object) -> None:
        """Make a data source that the user named.

        Raises:
            InvalidDataSource: It is not described completely, or the name is taken.
        """
        if name in self._made:
            raise self._api.error(
                InvalidDataSource,
                f"{self._api.kind} `{self._api.id}` has the data source `{name}` already",
                why="resolvers find data sources by their names",
                fix="give one of the two another name",
            )
        if isinstance(definition, Mapping) and "type" in definition:
            kind = self._checked(name, definition)
            if kind != "function":
                self._made[name] = _MAKERS[kind](self._api, name, definition)
                return
            definition = definition["function"]
        self._made[name], self.behind[name] = self.of_function(name, definition)

    def of_function(self, key: str, definition: object) -> tuple[appsync.BaseDataSource, Function]:
        """Return the data source that stands for a function, and the function.

        Args:
            key: The name of the data source, or the field that is resolved.
            definition: A handler, settings or a `Function`.
        """
        function = self._functions.function(key, definition, what=f"`{key}`")
        if function.path not in self._by_function:
            made = self._api.cdk.graphql_api.add_lambda_data_source(
                f"Source_{identifier(key)}", function.cdk.function, name=identifier(key)
            )
            self._by_function[function.path] = (made, function)
        return self._by_function[function.path]

    def _checked(self, name: str, settings: Mapping[str, Any]) -> str:
        what = f"data source `{name}`"
        kind = one_of(self._api, InvalidDataSource, "type of data source", settings["type"], list(_KEYS))
        refuse_unknown_settings(self._api, InvalidDataSource, what, settings, _KEYS[kind])
        needed = {} if _is_database(settings.get("database")) else _NEEDED[kind]
        refuse_missing_settings(self._api, InvalidDataSource, what, settings, needed)
        return kind


def _is_database(given: Any) -> bool:
    # Not by its class: importing that would load the CDK's databases for every app with a GraphQL API.
    return isinstance(given, SundogConstruct) and given.kind == "Database"


def _below(given: Any) -> Any:
    """Return the CDK's construct below one of sundog's; the CDK's own are taken as they are."""
    return given.grants if isinstance(given, Bindable) else given


def _dynamodb(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    return api.cdk.graphql_api.add_dynamo_db_data_source(
        f"Source_{identifier(name)}", _below(settings["table"]), name=identifier(name)
    )


def _http(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    return api.cdk.graphql_api.add_http_data_source(
        f"Source_{identifier(name)}", settings["endpoint"], name=identifier(name)
    )


def _rds(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    database: Any = settings.get("database")
    given = (settings.get("cluster"), settings.get("secret"), database)
    if _is_database(database):
        cluster = database.cdk.cluster
        given = (cluster, cluster.secret, database.database_name)
    return api.cdk.graphql_api.add_rds_data_source_v2(
        f"Source_{identifier(name)}", *given, name=identifier(name)
    )


def _open_search(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    return api.cdk.graphql_api.add_open_search_data_source(
        f"Source_{identifier(name)}", settings["domain"], name=identifier(name)
    )


def _event_bus(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    return api.cdk.graphql_api.add_event_bridge_data_source(
        f"Source_{identifier(name)}", _below(settings["event_bus"]), name=identifier(name)
    )


def _none(api: SundogConstruct, name: str, settings: Mapping[str, Any]) -> Any:
    del settings
    return api.cdk.graphql_api.add_none_data_source(f"Source_{identifier(name)}", name=identifier(name))


_MAKERS: dict[str, Callable[[SundogConstruct, str, Mapping[str, Any]], Any]] = {
    "dynamodb": _dynamodb,
    "http": _http,
    "rds": _rds,
    "open_search": _open_search,
    "event_bus": _event_bus,
    "none": _none,
}
