"""An HTTP API of API Gateway."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_integrations as integrations
from constructs import Construct

from sundog.constructs._binding import Binding, no_permission
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs.function import Function
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
DEFAULT_ROUTE = "$default"
_PARAMETER = re.compile(r"\{[A-Za-z0-9._-]+\+?\}")
_CORS_KEYS = (
    "allow_origins",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
)


class InvalidRoute(ConstructError):
    """The key of a route is not a method and a path.

    A key is `METHOD /path`, such as `GET /notes/{noteId}`, with `ANY` for all methods; a last segment `{proxy+}` takes
    the rest of a path. `$default` takes what no route does.
    """

    code = "SD-API-001"


class DuplicateRoute(ConstructError):
    """Two routes of an API are the same, perhaps with other spaces, letters or parameter names."""

    code = "SD-API-002"


class InvalidCors(ConstructError):
    """`cors` is neither True, False nor a dictionary of settings."""

    code = "SD-API-003"


@dataclass(frozen=True, kw_only=True)
class Route:
    """A method and a path."""

    method: str
    path: str

    @property
    def key(self) -> str:
        """As API Gateway and the user write it."""
        return self.path if self.path == DEFAULT_ROUTE else f"{self.method} {self.path}"


class Api(SundogConstruct):
    """An HTTP API: routes, and the function behind each.

    The same handler on several routes is one function. Any origin may call the API from a browser, unless `cors` says
    otherwise.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the APIs of the app.
        routes: `"GET /notes/{noteId}"` or `"$default"`, with a handler, a `Function`, or settings.
        bind: Resources that all of the functions use.
        cors: False for none, or a dictionary of the CDK's `CorsPreflightOptions`: `{"allow_origins": ["https://…"]}`.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"http_api": {…}}` lays properties over the CDK's API; `{"http_api": existing}` uses one as it is.

    Example:
        >>> api = Api(stack, "api", bind=[notes], routes={
        ...     "GET /notes": "functions/notes.list_notes",
        ...     "GET /badge": "functions/badge.handler",
        ... })
        >>> stack.outputs(ApiUrl=api.url)
    """

    kind = "Api"
    cdk_keys = ("http_api",)

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        routes: Mapping[str, FunctionDefinition] | None = None,
        bind: Sequence[Any] | None = None,
        cors: bool | Mapping[str, Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self._routes: dict[str, Function] = {}
        self._shapes: dict[str, str] = {}
        self._by_handler: dict[str, Function] = {}
        self._integrations: dict[str, integrations.HttpLambdaIntegration] = {}
        self._bind = list(bind or [])
        self._function_defaults = function_defaults
        existing = self.cdk_import("http_api", {"cors": cors})
        self.cdk.http_api = existing or self._create(True if cors is None else cors)
        self.add_routes(routes or {})
        self.registry.constructs.append(self)

    def _create(self, cors: bool | Mapping[str, Any]) -> apigateway.HttpApi:  # noqa: FBT001 - the caller's own argument
        registry = self.registry
        own: dict[str, Any] = {
            "api_name": f"{registry.stage.name}-{registry.project.settings.name}-{self.id}"
        }
        preflight = self._preflight(cors)
        if preflight is not None:
            own["cors_preflight"] = preflight
        return apigateway.HttpApi(self, "Api", **{**own, **self.cdk_props("http_api")})

    def _preflight(self, cors: bool | Mapping[str, Any]) -> apigateway.CorsPreflightOptions | None:  # noqa: FBT001 - the caller's own argument
        if cors is False:
            return None
        if cors is True:
            cors = {"allow_origins": ["*"], "allow_methods": ["ANY"], "allow_headers": ["*"]}
        if not isinstance(cors, Mapping):
            raise self.error(
                InvalidCors,
                f"Api `{self.id}`: `cors` is `{cors!r}`",
                why="`cors` is True, False or a dictionary",
                fix='write `cors={"allow_origins": ["https://example.com"]}`',
            )
        for key in cors:
            if key not in _CORS_KEYS:
                close = suggestion(key, _CORS_KEYS)
                raise self.error(
                    InvalidCors,
                    f"Api `{self.id}`: `cors` has no setting `{key}`",
                    why=f"the settings are {listed(_CORS_KEYS)}",
                    fix=f"write `{close}`" if close else f"remove `{key}`",
                )
        methods = [self._cors_method(method) for method in cors.get("allow_methods", ["ANY"])]
        return apigateway.CorsPreflightOptions(**{**cors, "allow_methods": methods})

    def _cors_method(self, method: object) -> Any:
        name = "ANY" if method == "*" else method.upper() if isinstance(method, str) else method
        if isinstance(name, str):
            if name not in METHODS:
                close = suggestion(name, METHODS)
                raise self.error(
                    InvalidCors,
                    f"Api `{self.id}`: `{method}` is not a method",
                    why=f"the methods are {listed(METHODS)}",
                    fix=f"write `{close}`" if close else "write one of them",
                )
            return apigateway.CorsHttpMethod[name]
        return name

    def add_routes(self, routes: Mapping[str, FunctionDefinition]) -> None:
        """Add routes to the API.

        Args:
            routes: As for `Api`.

        Raises:
            InvalidRoute: A key is not a method and a path.
            DuplicateRoute: The API has the route already.
        """
        for key, definition in routes.items():
            route = self._parsed(key)
            self._refuse_duplicate(key, route)
            function = self._function(route, definition)
            self._routes[route.key] = function
            self._add(route, function)

    def function(self, route: str) -> Function:
        """Return the function behind a route.

        Example:
            >>> api.function("GET /notes").cdk.function.add_alias("live")

        Raises:
            InvalidRoute: There is no such route.
        """
        key = self._parsed(route).key
        if key not in self._routes:
            close = suggestion(key, self._routes)
            raise self.error(
                InvalidRoute,
                f"Api `{self.id}` has no route `{key}`",
                why=f"the routes are {listed(self._routes)}",
                fix=f"write `{close}`"
                if close
                else f'add it to `routes`: `"{key}": "functions/file.function"`',
            )
        return self._routes[key]

    @property
    def routes(self) -> list[str]:
        """The routes, as API Gateway writes them."""
        return list(self._routes)

    def _function(self, route: Route, definition: object) -> Function:
        name = _definition_name(definition)
        if isinstance(definition, str) and definition in self._by_handler:
            return self._by_handler[definition]
        child_id = name if name and self.node.try_find_child(name) is None else _route_id(route)
        function = function_of(
            self,
            child_id,
            definition,
            what=f"route `{route.key}`",
            defaults=self._function_defaults,
            bind=self._bind,
        )
        if isinstance(definition, str):
            self._by_handler[definition] = function
        return function

    def _add(self, route: Route, function: Function) -> None:
        integration = self._integrations.get(function.path)
        if integration is None:
            # One permission for each function, not for each of its routes.
            integration = integrations.HttpLambdaIntegration(
                function.id, function.cdk.function, scope_permission_to_route=False
            )
            self._integrations[function.path] = integration
        if route.key == DEFAULT_ROUTE:
            apigateway.HttpRoute(
                self,
                "Default",
                http_api=self.cdk.http_api,
                route_key=apigateway.HttpRouteKey.DEFAULT,
                integration=integration,
            )
        else:
            method = apigateway.HttpMethod[route.method]
            self.cdk.http_api.add_routes(path=route.path, methods=[method], integration=integration)
        detail = {"method": route.method, "path": route.path}
        function.triggers.append(Trigger(kind="http", label=route.key, resource=self.path, detail=detail))

    def _parsed(self, key: object) -> Route:
        words = key.split() if isinstance(key, str) else []
        if words == [DEFAULT_ROUTE]:
            return Route(method="ANY", path=DEFAULT_ROUTE)
        if len(words) == 1 and words[0].startswith("/"):
            raise self._invalid(key, "it has no method", f"write `ANY {words[0]}` or `GET {words[0]}`")
        if len(words) != 2:
            raise self._invalid(
                key, "a route is a method, a space and a path, or `$default`", "write `GET /notes`"
            )
        method, path = words[0].upper(), words[1]
        if method not in METHODS:
            close = suggestion(method, METHODS)
            fix = f"write `{close} {path}`" if close else f"write `ANY {path}`"
            raise self._invalid(key, f"the methods are {listed(METHODS)}", fix)
        if not path.startswith("/"):
            raise self._invalid(key, "a path starts with a slash", f"write `{method} /{path}`")
        return Route(method=method, path=self._checked_path(key, method, path))

    def _checked_path(self, key: object, method: str, path: str) -> str:
        segments = path.split("/")[1:]
        for position, segment in enumerate(segments):
            if segment.startswith(":") or (segment.startswith("<") and segment.endswith(">")):
                name = segment.strip(":<>").rpartition(":")[2]
                fix = f"write `{method} {path.replace(segment, f'{{{name}}}')}`"
                raise self._invalid(key, "parameters are written in braces", fix)
            if ("{" in segment or "}" in segment) and not _PARAMETER.fullmatch(segment):
                raise self._invalid(
                    key, f"`{segment}` is not a parameter: a whole segment in braces", "write `/{noteId}`"
                )
            if segment.endswith("+}") and position != len(segments) - 1:
                raise self._invalid(
                    key, f"`{segment}` takes the rest of a path", f"move `{segment}` to the end"
                )
        return path

    def _invalid(self, key: object, why: str, fix: str) -> Exception:
        return self.error(InvalidRoute, f"`{key}` is not a route of Api `{self.id}`", why=why, fix=fix)

    def _refuse_duplicate(self, key: str, route: Route) -> None:
        shape = re.sub(r"\{[^{}+]*(\+?)\}", r"{\1}", route.key)
        if shape in self._shapes:
            raise self.error(
                DuplicateRoute,
                f"Api `{self.id}` has the route `{key.strip()}` twice",
                why=f"the first is `{self._shapes[shape]}`; spaces, case and names of parameters do not count",
                fix="remove one of the two",
            )
        self._shapes[shape] = key

    @property
    def url(self) -> str:
        """URL of the API without a slash at the end, known to CloudFormation."""
        return str(self.cdk.http_api.api_endpoint)

    @property
    def grants(self) -> apigateway.IHttpApi:
        """The CDK's API."""
        api: apigateway.IHttpApi = self.cdk.http_api
        return api

    def binding(self) -> Binding:
        """Return the URL; calling it takes no permission."""
        return Binding(kind=self.kind, name=self.id, values={"url": self.url}, grant=no_permission)

    def primary_path(self) -> str:
        """Return the path of the API's CloudFormation resource."""
        return f"{self.path}/Api/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the routes, with the function behind each."""
        return {"routes": {key: function.path for key, function in self._routes.items()}}


def _definition_name(definition: object) -> str:
    handler = definition
    if isinstance(definition, FunctionProps):
        handler = definition.handler
    elif isinstance(definition, Mapping):
        handler = definition.get("handler")
    # Named for the handler, not the route: a new route above, or another path, must not replace the function.
    return handler.removeprefix("./").replace("/", "_") if isinstance(handler, str) else ""


def _route_id(route: Route) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", f"{route.method}{route.path}").strip("_")
