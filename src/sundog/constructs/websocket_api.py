"""A WebSocket API of API Gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_authorizers as authorizers
import aws_cdk.aws_apigatewayv2_integrations as integrations
from constructs import Construct

from sundog.constructs._access_log import AccessLog, account_logging
from sundog.constructs._binding import Binding
from sundog.constructs._definition import FunctionDefinition
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_set import identifier
from sundog.constructs._registry import listed
from sundog.constructs._routed_api import RoutedApi
from sundog.constructs._settings import one_of, refuse_unknown_settings, throttle_settings
from sundog.constructs.function import Function
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import Trigger

OWN_ROUTES = ("$connect", "$disconnect", "$default")
"""The routes that API Gateway itself names."""
_AUTHORIZERS = ("none", "iam", "lambda")
_AUTHORIZER_KEYS = ("type", "function", "identity_source")
_ROUTE_KEYS = ("returns_response",)
_DEFAULT_IDENTITY = ("route.request.header.Authorization",)
_LOG_FIELDS = {
    "requestTime": "$context.requestTime",
    "requestId": "$context.requestId",
    "eventType": "$context.eventType",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "connectionId": "$context.connectionId",
    "integrationError": "$context.integrationErrorMessage",
    "integrationStatus": "$context.integrationStatus",
    "integrationLatency": "$context.integrationLatency",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "cognitoIdentityId": "$context.identity.cognitoIdentityId",
}


class InvalidWebSocketRoute(ConstructError):
    """The key of a route of a `WebSocketApi` is not one, or there is no such route.

    `$connect`, `$disconnect` and `$default` are API Gateway's own; any other key is what the route selection expression
    finds in a message, by default its `action`.
    """

    code = "SD-WEBSOCKET-001"


class InvalidWebSocketAuthorizer(ConstructError):
    """`authorizer` of a `WebSocketApi` is not one that API Gateway has for WebSocket APIs.

    They are `"none"`, `"iam"` and a function: `{"type": "lambda", "function": "functions/auth.check"}`. It is asked when
    a connection is opened.
    """

    code = "SD-WEBSOCKET-002"


class WebSocketApi(RoutedApi):
    """A WebSocket API: routes for connections and messages, and the function behind each.

    Every function of the API may send to its connections, and has the API among its `resources`:
    `resources.chat.client.post_to_connection(ConnectionId=…, Data=…)`.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the WebSocket APIs of the app.
        routes: `"$connect"`, `"$disconnect"`, `"$default"` or what a message asks for, with a handler, a `Function`, or
            settings; `"returns_response": True` among them sends what the function returns to the client.
        route_selection: Where a message says which route it is for.
        authorizer: Who may connect: `"none"` for anyone, `"iam"`, or
            `{"type": "lambda", "function": "functions/auth.check"}`.
        access_log: True, a format, or a dictionary with `format`, `retention_days` and `destination_arn`: a line in the
            log for each event.
        throttle: The most messages: `{"rate": 100, "burst": 200}`, a second and at once.
        domain: A domain of one's own: a dictionary with `name`, `hosted_zone`, `path`, `external` and `certificate`.
        bind: Resources that all of the functions use.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"web_socket_api": {…}}`, `{"web_socket_stage": {…}}` and `{"domain_name": {…}}` lay properties over the
            CDK's; an existing API, stage or domain is used as it is.

    Example:
        >>> chat = WebSocketApi(stack, "chat", bind=[connections], routes={
        ...     "$connect": "functions/chat.connect",
        ...     "$disconnect": "functions/chat.disconnect",
        ...     "send": "functions/chat.send",
        ... })
        >>> stack.outputs(ChatUrl=chat.url)
    """

    kind = "WebSocketApi"
    scheme = "wss"
    cdk_keys = ("web_socket_api", "web_socket_stage", "domain_name")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        routes: Mapping[str, FunctionDefinition] | None = None,
        route_selection: str | None = None,
        authorizer: str | Mapping[str, Any] = "none",
        access_log: bool | str | Mapping[str, Any] = False,
        throttle: Mapping[str, float] | None = None,
        domain: str | Mapping[str, Any] | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, function_defaults=function_defaults, bind=bind, cdk=cdk)
        self._routes: dict[str, Function] = {}
        existing = self.cdk_import("web_socket_api", {"route_selection": route_selection})
        self.cdk.web_socket_api = existing or self._create_api(route_selection)
        self.cdk.web_socket_stage = self._stage(access_log, throttle, domain)
        self._authorizer = self._authorizer_of(authorizer)
        self.add_routes(routes or {})
        self.registry.constructs.append(self)

    def _create_api(self, route_selection: str | None) -> apigateway.WebSocketApi:
        own: dict[str, Any] = {"api_name": self.physical_name}
        if route_selection is not None:
            own["route_selection_expression"] = route_selection
        return apigateway.WebSocketApi(self, "Api", **{**own, **self.cdk_props("web_socket_api")})

    def _stage(
        self,
        access_log: Any,
        throttle: Mapping[str, float] | None,
        domain: str | Mapping[str, Any] | None,
    ) -> apigateway.IWebSocketStage:
        configured = {"access_log": access_log or None, "throttle": throttle, "domain": domain}
        existing: apigateway.IWebSocketStage | None = self.cdk_import("web_socket_stage", configured)
        if existing is not None:
            return existing
        own: dict[str, Any] = {
            "web_socket_api": self.cdk.web_socket_api,
            "stage_name": self.registry.stage.name,
            "auto_deploy": True,
        }
        if throttle is not None:
            limits = throttle_settings(self, throttle)
            own["throttle"] = apigateway.ThrottleSettings(
                rate_limit=limits.get("rate"), burst_limit=limits.get("burst")
            )
        if domain is not None:
            own["domain_mapping"] = self._answer_under(domain).mapping
        stage = apigateway.WebSocketStage(self, "Stage", **{**own, **self.cdk_props("web_socket_stage")})
        if access_log is not False:
            log = AccessLog(self, access_log, _LOG_FIELDS)
            resource: Any = stage.node.default_child
            resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.destination_arn, format=log.format
            )
            stage.node.add_dependency(account_logging(self))
        return stage

    def _authorizer_of(self, given: str | Mapping[str, Any]) -> apigateway.IWebSocketRouteAuthorizer | None:
        settings: Mapping[str, Any] = given if isinstance(given, Mapping) else {"type": given}
        refuse_unknown_settings(self, InvalidWebSocketAuthorizer, "`authorizer`", settings, _AUTHORIZER_KEYS)
        kind = one_of(
            self, InvalidWebSocketAuthorizer, "authorizer", settings.get("type", "lambda"), _AUTHORIZERS
        )
        if kind == "none":
            return None
        if kind == "iam":
            return authorizers.WebSocketIamAuthorizer()
        if settings.get("function") is None:
            raise self.error(
                InvalidWebSocketAuthorizer,
                f"WebSocketApi `{self.id}`: `authorizer` has no `function`",
                why="an authorizer of the type `lambda` is a function",
                fix='write `authorizer={"type": "lambda", "function": "functions/auth.check"}`',
            )
        function = self._functions.function("authorizer", settings["function"], what="`authorizer`")
        self.authorizer_function: Function = function
        function.triggers.append(
            Trigger(kind="authorizer", label=f"authorizer of {self.id}", resource=self.path)
        )
        return authorizers.WebSocketLambdaAuthorizer(
            "Authorizer",
            function.cdk.function,
            identity_source=list(settings.get("identity_source") or _DEFAULT_IDENTITY),
        )

    def add_routes(self, routes: Mapping[str, FunctionDefinition]) -> None:
        """Add routes to the API.

        Args:
            routes: As for `WebSocketApi`.

        Raises:
            InvalidWebSocketRoute: A key is none, or the API has the route already.
        """
        for key, definition in routes.items():
            self._check(key)
            what = f"route `{key}`"
            function_definition, settings = self._functions.split(definition, _ROUTE_KEYS, what=what)
            function = self._functions.function(key, function_definition, what=what)
            self._add(key, function, returns_response=bool(settings.get("returns_response", False)))

    def _check(self, key: object) -> None:
        if not isinstance(key, str) or not key or (key.startswith("$") and key not in OWN_ROUTES):
            close = suggestion(str(key), OWN_ROUTES)
            raise self.error(
                InvalidWebSocketRoute,
                f"`{key}` is not a route of WebSocketApi `{self.id}`",
                why=f"routes that start with `$` are {listed(OWN_ROUTES)}; another is any text that messages hold",
                fix=f"write `{close}`" if close else "write `send`, or what the messages say",
            )
        if key in self._routes:
            raise self.error(
                InvalidWebSocketRoute,
                f"WebSocketApi `{self.id}` has the route `{key}` already",
                why="a message goes to one function",
                fix="remove one of the two",
            )

    def _add(self, key: str, function: Function, *, returns_response: bool) -> None:
        known = function.path in {other.path for other in self._routes.values()}
        self._routes[key] = function
        # An integration of its own: the permission that comes with one is for its first route only.
        options: dict[str, Any] = {"return_response": returns_response}
        if key == "$connect" and self._authorizer is not None:
            options["authorizer"] = self._authorizer
        apigateway.WebSocketRoute(
            self,
            f"Route_{identifier(key)}",
            web_socket_api=self.cdk.web_socket_api,
            route_key=key,
            integration=integrations.WebSocketLambdaIntegration(
                f"{identifier(key)}Integration", function.cdk.function
            ),
            **options,
        )
        function.triggers.append(
            Trigger(kind="websocket", label=f"{self.id} {key}", resource=self.path, detail={"route": key})
        )
        if not known:
            function.bind([self])

    def function(self, route: str) -> Function:
        """Return the function behind a route.

        Example:
            >>> chat.function("send").bind([rooms])

        Raises:
            InvalidWebSocketRoute: There is no such route.
        """
        if route not in self._routes:
            close = suggestion(route, self._routes)
            raise self.error(
                InvalidWebSocketRoute,
                f"WebSocketApi `{self.id}` has no route `{route}`",
                why=f"the routes are {listed(self._routes)}",
                fix=f"write `{close}`"
                if close
                else f'add it to `routes`: `"{route}": "functions/file.function"`',
            )
        return self._routes[route]

    @property
    def routes(self) -> list[str]:
        """The keys of the routes."""
        return list(self._routes)

    @property
    def api_id(self) -> str:
        """Id of the API, known to CloudFormation."""
        return str(self.cdk.web_socket_api.api_id)

    @property
    def url(self) -> str:
        """Where clients connect, `wss://…`, known to CloudFormation."""
        return str(self.cdk.web_socket_stage.url)

    @property
    def https_url(self) -> str:
        """Where functions send to connections, `https://…`, known to CloudFormation."""
        return str(self.cdk.web_socket_stage.callback_url)

    @property
    def grants(self) -> apigateway.IWebSocketApi:
        """The CDK's API, whose `grant_…` methods `permissions` can name."""
        api: apigateway.IWebSocketApi = self.cdk.web_socket_api
        return api

    def binding(self) -> Binding:
        """Return the two URLs, and the permission to send to connections and to close them."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={"url": self.custom_domain_url or self.url, "https_url": self.https_url},
            grant=self.cdk.web_socket_stage.grant_management_api_access,
        )

    def attributes(self) -> dict[str, Any]:
        """Return the routes, with the function behind each."""
        return {"routes": {key: function.path for key, function in self._routes.items()}}
