"""An HTTP API of API Gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import aws_cdk
import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_integrations as integrations
import aws_cdk.aws_iam as iam
from constructs import Construct

from sundog.constructs._access_log import AccessLog
from sundog.constructs._api_authorizers import ApiAuthorizers
from sundog.constructs._api_integrations import OF_ANY_ROUTE, InvalidRouteSettings, integration_of, kind_of
from sundog.constructs._construct import UnknownCdkKey
from sundog.constructs._cors import cors_settings
from sundog.constructs._definition import FunctionDefinition
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._routed_api import HttpRoutedApi
from sundog.constructs._routes import DEFAULT_ROUTE, Route
from sundog.constructs._settings import one_of, throttle_settings
from sundog.model.manifest import Trigger

_ROUTE_KEYS = (*OF_ANY_ROUTE, "payload_format")
# Names: the values are the CDK's objects, and asking for one while a module is imported would start Node.
_PAYLOAD_FORMATS = {"1.0": "VERSION_1_0", "2.0": "VERSION_2_0"}
_LOG_FIELDS = {
    "requestTime": "$context.requestTime",
    "requestId": "$context.requestId",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "integrationRequestId": "$context.integration.requestId",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integration.latency",
    "integrationServiceStatus": "$context.integration.integrationStatus",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "cognitoIdentityId": "$context.identity.cognitoIdentityId",
}

RouteDefinition: TypeAlias = FunctionDefinition
"""What stands behind a route: a function, or a dictionary that says what else."""


class Api(HttpRoutedApi):
    """An HTTP API: routes, and what answers each.

    The same handler on several routes is one function. Any origin may call the API from a browser, unless `cors` says
    otherwise. Each request leaves a line in a log, unless `access_log` says otherwise.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the APIs of the app.
        routes: `"GET /notes/{noteId}"` or `"$default"`, with a handler, a `Function`, or settings, to which `authorizer`,
            `scopes`, `throttle` and `payload_format` may be added; or with what answers instead of a function:
            `{"url": …}`, `{"alb": listener}`, `{"nlb": listener}`,
            `{"aws": "SQS-SendMessage", "on": queue, "parameters": {…}}` or `{"integration": …}`.
        bind: Resources that all of the functions use.
        authorizers: By name, what routes may ask of callers: `{"type": "jwt", "issuer": …, "audience": […]}`,
            `{"type": "user_pool", "user_pool": …}` or `{"type": "lambda", "function": …}`.
        authorizer: What routes ask of callers that do not say it themselves: a name, `"iam"` or `"none"`.
        scopes: What a token must carry one of, on routes that do not say it themselves.
        cors: False for none, or a dictionary of the CDK's `CorsPreflightOptions`: `{"allow_origins": ["https://…"]}`.
        access_log: False for none, a format, or a dictionary with `format`, `retention_days` and `destination_arn`.
        throttle: The most requests: `{"rate": 100, "burst": 200}`, a second and at once; of a route beside its settings.
        payload_format: The form of the functions' events where a route does not say it itself: `"2.0"` or `"1.0"`.
        domain: A domain of one's own: a dictionary with `name`, `hosted_zone`, `path`, `external` and `certificate`.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"http_api": {…}}` and `{"domain_name": {…}}` lay properties over the CDK's; an existing API or domain is used
            as it is. `{"http_stage": {…}}` lays properties over the `CfnStage` of the default stage.

    Example:
        >>> api = Api(stack, "api", bind=[notes], routes={
        ...     "GET /notes": "functions/notes.list_notes",
        ...     "GET /badge": "functions/badge.handler",
        ... })
        >>> stack.outputs(ApiUrl=api.url)
    """

    kind = "Api"
    no_function = InvalidRouteSettings
    cdk_keys = ("http_api", "http_stage", "domain_name")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        routes: Mapping[str, RouteDefinition] | None = None,
        bind: Sequence[Any] | None = None,
        authorizers: Mapping[str, Mapping[str, Any]] | None = None,
        authorizer: str | None = None,
        scopes: Sequence[str] | None = None,
        cors: bool | Mapping[str, Any] | None = None,
        access_log: bool | str | Mapping[str, Any] | None = None,
        throttle: Mapping[str, float] | None = None,
        payload_format: str = "2.0",
        domain: str | Mapping[str, Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, function_defaults=function_defaults, bind=bind, cdk=cdk)
        self._integrations: dict[tuple[str, str], integrations.HttpLambdaIntegration] = {}
        self._throttles: dict[str, dict[str, float]] = {}
        self._payload_format = self._checked_payload_format(payload_format)
        self.cdk.http_stage = None
        configured = {"cors": cors, "access_log": access_log, "throttle": throttle, "domain": domain}
        self.cdk.http_api = self.cdk_import("http_api", configured)
        if self.cdk.http_api is None:
            self._create(True if cors is None else cors, domain)
            self._configure_stage(True if access_log is None else access_log, throttle)
        self._authorizers = ApiAuthorizers(
            self, self._functions, authorizers or {}, default=authorizer, scopes=scopes
        )
        self.add_routes(routes or {})
        self.registry.constructs.append(self)

    def _create(self, cors: bool | Mapping[str, Any], domain: str | Mapping[str, Any] | None) -> None:  # noqa: FBT001 - the caller's own argument
        own: dict[str, Any] = {"api_name": self.physical_name}
        preflight = cors_settings(self, cors)
        if preflight is not None:
            own["cors_preflight"] = _preflight(preflight)
        if domain is not None:
            own["default_domain_mapping"] = self._answer_under(domain).mapping
        self.cdk.http_api = apigateway.HttpApi(self, "Api", **{**own, **self.cdk_props("http_api")})
        self.cdk.http_stage = self.cdk.http_api.default_stage

    def _configure_stage(self, access_log: Any, throttle: Mapping[str, float] | None) -> None:
        # The CDK takes none of this for the default stage, only for stages beside it.
        stage: Any = None if self.cdk.http_stage is None else self.cdk.http_stage.node.default_child
        if stage is None:
            return
        if access_log is not False:
            log = AccessLog(self, access_log, _LOG_FIELDS)
            stage.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=log.destination_arn, format=log.format
            )
        if throttle is not None:
            limits = throttle_settings(self, throttle)
            stage.default_route_settings = apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=limits.get("rate"), throttling_burst_limit=limits.get("burst")
            )
        for name, value in self.cdk_props("http_stage").items():
            if not hasattr(stage, name):
                raise self.error(
                    UnknownCdkKey,
                    f"`http_stage` of Api `{self.id}` has no `{name}`",
                    why="it takes the properties of `aws_apigatewayv2.CfnStage`",
                    fix=f"remove `{name}`",
                )
            setattr(stage, name, value)

    def add_routes(self, routes: Mapping[str, RouteDefinition]) -> None:
        """Add routes to the API.

        Args:
            routes: As for `Api`.

        Raises:
            InvalidRoute: A key is not a method and a path.
            DuplicateRoute: The API has the route already.
            InvalidRouteSettings: What is behind a route is not described completely.
            InvalidAuthorizer: A route names an authorizer that there is not.
        """
        for key, definition in routes.items():
            route = self._routes.claim(key)
            kind = kind_of(self, route, definition)
            if kind is None:
                self._add_function(route, definition)
            else:
                assert isinstance(definition, Mapping)  # noqa: S101 - `kind_of` has looked
                self._routes.put(route, kind)
                self._add(route, integration_of(self, route, kind, definition), definition)

    def _add_function(self, route: Route, definition: object) -> None:
        what = f"route `{route.key}`"
        definition, settings = self._functions.split(definition, _ROUTE_KEYS, what=what)
        function = self._functions.function(route.key, definition, what=what)
        self._routes.put(route, function)
        payload_format = self._checked_payload_format(settings.get("payload_format", self._payload_format))
        integration = self._integrations.get((function.path, payload_format))
        if integration is None:
            # One permission for each function, not for each of its routes.
            name = function.cdk_id if payload_format == "2.0" else f"{function.cdk_id}-{payload_format}"
            integration = integrations.HttpLambdaIntegration(
                name,
                function.cdk.function,
                scope_permission_to_route=False,
                payload_format_version=getattr(
                    apigateway.PayloadFormatVersion, _PAYLOAD_FORMATS[payload_format]
                ),
            )
            self._integrations[function.path, payload_format] = integration
        self._add(route, integration, settings)
        detail = {"method": route.method, "path": route.path}
        function.triggers.append(Trigger(kind="http", label=route.key, resource=self.path, detail=detail))

    def _add(
        self, route: Route, integration: apigateway.HttpRouteIntegration, settings: Mapping[str, Any]
    ) -> None:
        common = {
            "http_api": self.cdk.http_api,
            "integration": integration,
            **self._authorizers.options(f"route `{route.key}`", settings),
        }
        if route.key == DEFAULT_ROUTE:
            made = apigateway.HttpRoute(self, "Default", route_key=apigateway.HttpRouteKey.DEFAULT, **common)
        else:
            method = apigateway.HttpMethod[route.method]
            key = apigateway.HttpRouteKey.with_(route.path, method)
            # Where and as the CDK's own `add_routes` would make it, which an API that was looked up does not have; nor can it
            # have constructs below it.
            scope = self.cdk.http_api if isinstance(self.cdk.http_api, Construct) else self
            made = apigateway.HttpRoute(scope, f"{route.method}{route.path}", route_key=key, **common)
        if settings.get("throttle") is not None:
            self._throttle_route(route, made, settings["throttle"])

    def _throttle_route(self, route: Route, made: apigateway.HttpRoute, given: Mapping[str, float]) -> None:
        stage: Any = None if self.cdk.http_stage is None else self.cdk.http_stage.node.default_child
        if stage is None:
            raise self.error(
                InvalidRouteSettings,
                f"Api `{self.id}`: route `{route.key}` has `throttle`, and the API's stage is made elsewhere",
                why="the limits of a route are settings of the stage",
                fix="remove `throttle`, and set it where the stage is made",
            )
        limits = throttle_settings(self, given, what=f"`throttle` of route `{route.key}`")
        self._throttles[route.key] = {
            name: limits[key]
            for key, name in (("rate", "ThrottlingRateLimit"), ("burst", "ThrottlingBurstLimit"))
            if key in limits
        }
        stage.route_settings = dict(self._throttles)
        # API Gateway refuses a limit of a route that is not there yet.
        stage.add_dependency(made.node.default_child)

    def _checked_payload_format(self, given: object) -> str:
        return one_of(self, InvalidRouteSettings, "payload format", given, list(_PAYLOAD_FORMATS))

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a function call the routes whose authorizer is `iam`.

        Example:
            >>> Function(stack, "caller", handler="functions/caller.run", permissions=[(api, "grant_invoke")])
        """
        arn = aws_cdk.Stack.of(self).format_arn(
            service="execute-api", resource=self.api_id, resource_name="*/*"
        )
        return iam.Grant.add_to_principal(
            grantee=grantee, actions=["execute-api:Invoke"], resource_arns=[arn]
        )

    @property
    def api_id(self) -> str:
        """Id of the API, known to CloudFormation."""
        return str(self.cdk.http_api.api_id)

    @property
    def url(self) -> str:
        """URL of the API without a slash at the end, known to CloudFormation."""
        return str(self.cdk.http_api.api_endpoint)

    @property
    def grants(self) -> apigateway.IHttpApi:
        """The CDK's API."""
        api: apigateway.IHttpApi = self.cdk.http_api
        return api


def _preflight(settings: Mapping[str, Any]) -> apigateway.CorsPreflightOptions:
    methods = [
        apigateway.CorsHttpMethod[method] if isinstance(method, str) else method
        for method in settings["allow_methods"]
    ]
    own: dict[str, Any] = {**settings, "allow_methods": methods}
    if "max_age" in own:
        own["max_age"] = aws_cdk.Duration.seconds(own["max_age"])
    return apigateway.CorsPreflightOptions(**own)
