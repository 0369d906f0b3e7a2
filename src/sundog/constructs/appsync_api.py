"""A GraphQL API of AppSync."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_appsync as appsync
import aws_cdk.aws_route53 as route53
from constructs import Construct

from sundog.constructs._binding import Binding, no_permission
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._domain import InvalidDomain
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_set import FunctionSet, identifier
from sundog.constructs._graphql_authorization import authorization_of
from sundog.constructs._graphql_schema import project_text, schema_of
from sundog.constructs._graphql_sources import DataSources
from sundog.constructs._registry import listed
from sundog.constructs._settings import refuse_missing_settings, refuse_unknown_settings
from sundog.constructs._user_domain import hosted_zone
from sundog.constructs.function import Function
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger

_RESOLVER_KEYS = ("source", "code", "request", "response")
_DOMAIN_KEYS = ("name", "certificate", "hosted_zone")


class InvalidResolver(ConstructError):
    """A resolver of an `AppSyncApi` is not for a field, names a data source that there is not, or lacks its code.

    A key is a type and a field: `"Query notes"`. The value is a handler, the name of a data source, or settings: a data
    source that is no function needs `code`, a file of JavaScript, or mapping templates, `request` and `response`.
    """

    code = "SD-APPSYNC-003"


class AppSyncApi(SundogConstruct):
    """A GraphQL API: a schema, and what resolves its fields.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the GraphQL APIs of the app.
        schema: A file of the project in GraphQL's schema language, or several, which are joined.
        data_sources: By name: a handler, a `Function`, settings of one, or `{"type": "dynamodb", "table": notes}`,
            `{"type": "http", "endpoint": …}`, `{"type": "event_bus", "event_bus": …}`, `{"type": "open_search", …}`,
            `{"type": "rds", …}`, `{"type": "none"}`.
        resolvers: `"Query notes"` with a handler, settings of a function, or the name of a data source; or
            `{"source": "notes", "code": "resolvers/notes.js"}`, or `request` and `response` for mapping templates.
        authorizers: Who may call, the default first: `"api_key"`, `"iam"`, `{"type": "user_pool", "user_pool": …}`,
            `{"type": "jwt", "issuer": …}`, `{"type": "lambda", "function": …}`.
        tracing: Whether requests leave traces in X-Ray.
        domain: A domain of one's own: `{"name": …, "certificate": …}` with a certificate of us-east-1, and `hosted_zone`
            for its record.
        bind: Resources that all of the functions use.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"graphql_api": {…}}` lays properties over the CDK's API; `{"graphql_api": existing}` uses one as it is.

    Example:
        >>> api = AppSyncApi(stack, "graph", schema="schema.graphql", bind=[notes], resolvers={
        ...     "Query notes": "functions/notes.list_notes",
        ...     "Mutation addNote": "functions/notes.create",
        ... })
        >>> stack.outputs(GraphUrl=api.url)
    """

    kind = "AppSyncApi"
    cdk_keys = ("graphql_api",)

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        schema: str | Sequence[str] | None = None,
        data_sources: Mapping[str, Any] | None = None,
        resolvers: Mapping[str, Any] | None = None,
        authorizers: Sequence[str | Mapping[str, Any]] | None = None,
        tracing: bool | None = None,
        domain: Mapping[str, Any] | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self._functions = FunctionSet(self, defaults=function_defaults, bind=bind)
        self._sources = DataSources(self, self._functions)
        self._resolvers: dict[str, str] = {}
        self._behind: dict[str, Function] = {}
        self._domain_name: str | None = None
        configured = {"schema": schema, "authorizers": authorizers, "tracing": tracing, "domain": domain}
        existing = self.cdk_import("graphql_api", configured)
        self.cdk.graphql_api = existing or self._create(
            schema, authorizers or ["api_key"], domain, tracing=tracing is not False
        )
        if domain is not None:
            self._add_record(domain)
        self.add_data_sources(data_sources or {})
        self.add_resolvers(resolvers or {})
        self.registry.constructs.append(self)

    def _create(
        self,
        schema: str | Sequence[str] | None,
        authorizers: Sequence[str | Mapping[str, Any]],
        domain: Mapping[str, Any] | None,
        *,
        tracing: bool,
    ) -> appsync.GraphqlApi:
        own: dict[str, Any] = {
            "name": self.physical_name,
            "authorization_config": authorization_of(self, self._functions, authorizers),
            "xray_enabled": tracing,
        }
        given = self.cdk_props("graphql_api")
        if "definition" not in given:
            own["definition"] = appsync.Definition.from_schema(schema_of(self, schema))
        if domain is not None:
            refuse_unknown_settings(self, InvalidDomain, "`domain`", domain, _DOMAIN_KEYS)
            needed = {"name": '"name": "graph.example.com"', "certificate": '"certificate": certificate'}
            refuse_missing_settings(self, InvalidDomain, "`domain`", domain, needed)
            self._domain_name = str(domain["name"])
            own["domain_name"] = appsync.DomainOptions(
                domain_name=self._domain_name, certificate=domain["certificate"]
            )
        return appsync.GraphqlApi(self, "Api", **{**own, **given})

    def _add_record(self, domain: Mapping[str, Any]) -> None:
        if domain.get("hosted_zone") is not None and self._domain_name is not None:
            route53.CnameRecord(
                self,
                "Record",
                zone=hosted_zone(self, self._domain_name, domain["hosted_zone"], kind=InvalidDomain),
                record_name=f"{self._domain_name}.",
                domain_name=self.cdk.graphql_api.app_sync_domain_name,
            )

    def add_data_sources(self, data_sources: Mapping[str, Any]) -> None:
        """Add data sources to the API.

        Args:
            data_sources: As for `AppSyncApi`.

        Raises:
            InvalidDataSource: One is not described completely, or its name is taken.
        """
        for name, definition in data_sources.items():
            self._sources.add(name, definition)

    def add_resolvers(self, resolvers: Mapping[str, Any]) -> None:
        """Add resolvers to the API.

        Args:
            resolvers: As for `AppSyncApi`.

        Raises:
            InvalidResolver: One is not for a field, names a data source that there is not, or lacks its code.
        """
        for key, definition in resolvers.items():
            field = self._field(key)
            function_definition, settings = self._functions.split(
                definition, _RESOLVER_KEYS, what=f"resolver `{field}`"
            )
            source, name = self._source(field, function_definition, settings)
            self._resolvers[field] = name
            type_name, field_name = field.split(" ")
            appsync.Resolver(
                self,
                f"Resolver_{identifier(field)}",
                api=self.cdk.graphql_api,
                data_source=source,
                type_name=type_name,
                field_name=field_name,
                **self._code(field, settings, needed=field not in self._behind),
            )
            if field in self._behind:
                self._behind[field].triggers.append(
                    Trigger(kind="graphql", label=field, resource=self.path, detail={"field": field})
                )

    def _field(self, key: object) -> str:
        words = key.split() if isinstance(key, str) else []
        if len(words) != 2:
            raise self.error(
                InvalidResolver,
                f"`{key}` is not a field of AppSyncApi `{self.id}`",
                why="a field is a type, a space and a name",
                fix="write `Query notes`",
            )
        field = " ".join(words)
        if field in self._resolvers:
            raise self.error(
                InvalidResolver,
                f"AppSyncApi `{self.id}` has a resolver of `{field}` already",
                why="one thing resolves a field",
                fix="remove one of the two",
            )
        return field

    def _source(
        self, field: str, definition: object, settings: Mapping[str, Any]
    ) -> tuple[appsync.BaseDataSource, str]:
        """Return the data source of a field, and its name; remember the function behind it."""
        name = settings.get("source")
        if (
            name is None
            and isinstance(definition, str)
            and ("." not in definition or definition in self._sources)
        ):
            # A handler has a dot before its function.
            name = definition
        if name is not None:
            if name not in self._sources:
                close = suggestion(str(name), self._sources.names)
                raise self.error(
                    InvalidResolver,
                    f"AppSyncApi `{self.id}`: the resolver of `{field}` names the data source `{name}`, which there is not",
                    why=f"the data sources are {listed(self._sources.names)}"
                    if self._sources.names
                    else "there is none",
                    fix=f"write `{close}`" if close else f'add it to `data_sources`: `"{name}": …`',
                )
            if name in self._sources.behind:
                self._behind[field] = self._sources.behind[name]
            return self._sources[name], str(name)
        source, function = self._sources.of_function(field, definition)
        self._behind[field] = function
        return source, function.path

    def _code(self, field: str, settings: Mapping[str, Any], *, needed: bool) -> dict[str, Any]:
        if settings.get("code") is not None:
            code = settings["code"]
            if isinstance(code, str):
                code = appsync.Code.from_inline(
                    project_text(self, InvalidResolver, f"`code` of `{field}`,", code)
                )
            return {"code": code, "runtime": appsync.FunctionRuntime.JS_1_0_0}
        templates = {
            f"{name}_mapping_template": self._template(field, name, settings[name])
            for name in ("request", "response")
            if settings.get(name) is not None
        }
        if needed and not templates:
            raise self.error(
                InvalidResolver,
                f"AppSyncApi `{self.id}`: the resolver of `{field}` has no code",
                why="its data source is no function, and must be told what to do",
                fix='add `"code": "resolvers/field.js"`, or `"request"` and `"response"`',
            )
        return templates

    def _template(self, field: str, name: str, given: Any) -> appsync.MappingTemplate:
        if not isinstance(given, str):
            template: appsync.MappingTemplate = given
            return template
        text = (
            project_text(self, InvalidResolver, f"`{name}` of `{field}`,", given)
            if given.endswith(".vtl")
            else given
        )
        return appsync.MappingTemplate.from_string(text)

    def function(self, field: str) -> Function:
        """Return the function that resolves a field.

        Example:
            >>> api.function("Query notes").bind([users])

        Raises:
            InvalidResolver: None does.
        """
        name = " ".join(field.split())
        if name not in self._behind:
            close = suggestion(name, self._behind)
            raise self.error(
                InvalidResolver,
                f"AppSyncApi `{self.id}` has no function behind `{name}`",
                why=f"functions resolve {listed(self._behind)}"
                if self._behind
                else "no function resolves a field",
                fix=f"write `{close}`"
                if close
                else f'add it to `resolvers`: `"{name}": "functions/file.function"`',
            )
        return self._behind[name]

    def bind(self, resources: Sequence[Any]) -> None:
        """Give all functions of the API further resources, those that are added later too."""
        self._functions.bind(resources)

    @property
    def url(self) -> str:
        """Where queries are sent, known to CloudFormation."""
        return str(self.cdk.graphql_api.graphql_url)

    @property
    def realtime_url(self) -> str | None:
        """Where clients subscribe, known to CloudFormation; None for an API that is not made here."""
        made = self.cdk.graphql_api.node.default_child
        return str(made.attr_realtime_url) if isinstance(made, appsync.CfnGraphQLApi) else None

    @property
    def custom_domain_url(self) -> str | None:
        """Where queries are sent under the API's own domain; None without one."""
        return None if self._domain_name is None else f"https://{self._domain_name}/graphql"

    @property
    def api_key(self) -> str | None:
        """The key that callers send as `x-api-key`, known to CloudFormation; None where no key is taken."""
        key = self.cdk.graphql_api.api_key
        return None if key is None else str(key)

    @property
    def grants(self) -> appsync.IGraphqlApi:
        """The CDK's API, whose `grant_…` methods `permissions` can name where the authorizer is `iam`."""
        api: appsync.IGraphqlApi = self.cdk.graphql_api
        return api

    def binding(self) -> Binding:
        """Return the URL; calling it takes no permission, except where the authorizer is `iam`."""
        values = {"url": self.custom_domain_url or self.url}
        return Binding(kind=self.kind, name=self.id, values=values, grant=no_permission)

    def primary_path(self) -> str:
        """Return the path of the API's CloudFormation resource."""
        return f"{self.path}/Api/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the fields that have a resolver, with the function or the data source behind each."""
        return {"resolvers": dict(self._resolvers)}
