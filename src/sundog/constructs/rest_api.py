"""A REST API of API Gateway."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_apigateway as apigateway
import aws_cdk.aws_apigatewayv2 as apigatewayv2
import aws_cdk.aws_iam as iam
from constructs import Construct

from sundog.constructs._access_log import AccessLog, account_logging
from sundog.constructs._cors import cors_settings
from sundog.constructs._definition import FunctionDefinition
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_set import identifier
from sundog.constructs._rest_authorizers import RestAuthorizers
from sundog.constructs._routed_api import HttpRoutedApi
from sundog.constructs._routes import METHODS, Route
from sundog.constructs._settings import refuse_unknown_settings, throttle_settings
from sundog.errors import ConstructError
from sundog.model.manifest import Trigger

_ROUTE_KEYS = ("authorizer", "scopes", "throttle", "api_key", "method_options", "integration")
_LOG_FIELDS = {
    "requestTime": "$context.requestTime",
    "requestId": "$context.requestId",
    "httpMethod": "$context.httpMethod",
    "path": "$context.path",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "xrayTraceId": "$context.xrayTraceId",
    "integrationRequestId": "$context.integration.requestId",
    "integrationStatus": "$context.integration.status",
    "integrationLatency": "$context.integration.latency",
    "integrationServiceStatus": "$context.integration.integrationStatus",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "principalId": "$context.authorizer.principalId",
}


class InvalidRestRoute(ConstructError):
    """A route of a `RestApi` has a setting that there is not, or an integration that is none of the CDK's.

    A route is a function, with `authorizer`, `scopes`, `throttle`, `api_key` and `method_options` beside its settings, or
    `{"integration": apigateway.MockIntegration(…)}`.
    """

    code = "SD-REST-001"


class UnknownRestStage(ConstructError):
    """The URL of an imported `RestApi` was asked for, and nothing says under which stage it answers.

    The URL of a REST API ends with the name of a stage, which an API that was looked up by its id does not tell:
    `RestApi(…, stage_name="prod", cdk={"rest_api": existing})`. Routes that are added to such an API answer when whoever owns
    it has deployed it to that stage again.
    """

    code = "SD-REST-002"


class RestApi(HttpRoutedApi):
    """A REST API: what an `Api` has not, such as API keys, validation of requests, caches and integrations of any kind.

    An `Api` is cheaper and faster. The same handler on several routes is one function.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the REST APIs of the app.
        routes: `"GET /notes/{noteId}"` with a handler, a `Function`, or settings, to which `authorizer`, `scopes` and
            `throttle`, `"api_key": True` and `"method_options": {…}` of the CDK may be added; or with `{"integration": …}`, an
            integration of the CDK.
        bind: Resources that all of the functions use.
        authorizers: By name, what routes may ask of callers: `{"type": "user_pools", "user_pools": […]}`,
            `{"type": "lambda_token", "function": …}` or `{"type": "lambda_request", "function": …}`.
        authorizer: What routes ask of callers that do not say it themselves: a name, `"iam"` or `"none"`.
        scopes: What a token must carry one of, on routes that do not say it themselves.
        cors: False for none, or a dictionary with `allow_origins` and so on, as for `Api`.
        access_log: True, a format, or a dictionary with `format`, `retention_days` and `destination_arn`.
        throttle: The most requests: `{"rate": 100, "burst": 200}`, a second and at once.
        stage_name: Name of the API's stage, the last part of its URL; by default that of the app's stage.
        tracing: Whether requests leave traces in X-Ray.
        domain: A domain of one's own: a dictionary with `name`, `hosted_zone`, `path`, `external` and `certificate`.
        resources: Of an imported API, the ids of the resources that it has already, by path.
        function_defaults: Settings for the functions made of handlers.
        cdk: `{"rest_api": {…}}` and `{"domain_name": {…}}` lay properties over the CDK's; an existing API or domain is used
            as it is.

    Example:
        >>> api = RestApi(stack, "api", bind=[notes], routes={
        ...     "GET /notes": "functions/notes.list_notes",
        ...     "POST /notes": {"handler": "functions/notes.create", "api_key": True},
        ... })
        >>> stack.outputs(ApiUrl=api.url)
    """

    kind = "RestApi"
    no_function = InvalidRestRoute
    has_default_route = False
    cdk_keys = ("rest_api", "domain_name")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        routes: Mapping[str, FunctionDefinition] | None = None,
        bind: Sequence[Any] | None = None,
        authorizers: Mapping[str, Mapping[str, Any]] | None = None,
        authorizer: str | None = None,
        scopes: Sequence[str] | None = None,
        cors: bool | Mapping[str, Any] | None = None,
        access_log: bool | str | Mapping[str, Any] = False,
        throttle: Mapping[str, float] | None = None,
        stage_name: str | None = None,
        tracing: bool | None = None,
        domain: str | Mapping[str, Any] | None = None,
        resources: Mapping[str, str] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, function_defaults=function_defaults, bind=bind, cdk=cdk)
        self._integrations: dict[str, apigateway.LambdaIntegration] = {}
        self._stage_name = stage_name
        configured = {
            "cors": cors,
            "access_log": access_log or None,
            "throttle": throttle,
            "tracing": tracing,
            "domain": domain,
        }
        self.cdk.rest_api = self.cdk_import("rest_api", configured)
        if self.cdk.rest_api is None:
            stage = self._stage_options(throttle, tracing=tracing is not False)
            self._create(stage, True if cors is None else cors)
            self._configure(access_log, domain)
        self._known = self._imported(resources or {})
        self._authorizers = RestAuthorizers(
            self, self._functions, authorizers or {}, default=authorizer, scopes=scopes
        )
        self.add_routes(routes or {})
        self.registry.constructs.append(self)

    def _stage_options(self, throttle: Mapping[str, float] | None, *, tracing: bool) -> dict[str, Any]:
        options: dict[str, Any] = {
            "stage_name": self._stage_name or self.registry.stage.name,
            "tracing_enabled": tracing,
        }
        if throttle is not None:
            limits = throttle_settings(self, throttle)
            options |= {f"throttling_{name}_limit": value for name, value in limits.items()}
        return options

    def _create(self, stage: dict[str, Any], cors: bool | Mapping[str, Any]) -> None:  # noqa: FBT001 - the caller's own argument
        own: dict[str, Any] = {
            "rest_api_name": self.physical_name,
            # The role is the account's; it is made when an access log needs it.
            "cloud_watch_role": False,
            "endpoint_configuration": apigateway.EndpointConfiguration(
                types=[apigateway.EndpointType.REGIONAL]
            ),
        }
        preflight = cors_settings(self, cors)
        if preflight is not None:
            own["default_cors_preflight_options"] = _preflight(preflight)
        given = self.cdk_props("rest_api")
        own["deploy_options"] = {**stage, **given.pop("deploy_options", {})}
        self.cdk.rest_api = apigateway.RestApi(self, "Api", **{**own, **given})
        # An output of the stack that nobody asked for; `stack.outputs(…)` makes those of the app.
        self.cdk.rest_api.node.try_remove_child("Endpoint")
        if preflight is not None:
            self._add_cors_to_errors(preflight)

    def _add_cors_to_errors(self, preflight: Mapping[str, Any]) -> None:
        """Let pages read the errors that API Gateway answers by itself; other answers are the functions' own."""
        origins = preflight["allow_origins"]
        if len(origins) != 1:
            # A header names one origin, and what API Gateway puts in cannot depend on the request's.
            return
        for name in ("DEFAULT_4_XX", "DEFAULT_5_XX"):
            self.cdk.rest_api.add_gateway_response(
                name.title().replace("_", ""),
                type=getattr(apigateway.ResponseType, name),
                response_headers={"Access-Control-Allow-Origin": f"'{origins[0]}'"},
            )

    def _configure(self, access_log: Any, domain: str | Mapping[str, Any] | None) -> None:
        stage = self.cdk.rest_api.deployment_stage
        if access_log is not False:
            log = AccessLog(self, access_log, _LOG_FIELDS)
            resource: Any = stage.node.default_child
            resource.access_log_setting = apigateway.CfnStage.AccessLogSettingProperty(
                destination_arn=log.destination_arn, format=log.format
            )
            stage.node.add_dependency(account_logging(self))
        if domain is not None:
            found = self._answer_under(domain)
            apigatewayv2.CfnApiMapping(
                self,
                "Mapping",
                api_id=self.cdk.rest_api.rest_api_id,
                domain_name=found.domain_name.name,
                stage=stage.stage_name,
                api_mapping_key=found.path,
            )

    def _imported(self, resources: Mapping[str, str]) -> dict[str, apigateway.IResource]:
        return {
            path: apigateway.Resource.from_resource_attributes(
                self,
                f"Resource_{identifier(path)}",
                path=path,
                resource_id=resource_id,
                rest_api=self.cdk.rest_api,
            )
            for path, resource_id in resources.items()
        }

    def add_routes(self, routes: Mapping[str, FunctionDefinition]) -> None:
        """Add routes to the API.

        Args:
            routes: As for `RestApi`.

        Raises:
            InvalidRoute: A key is not a method and a path.
            DuplicateRoute: The API has the route already.
            InvalidRestRoute: The settings of a route are not.
            InvalidAuthorizer: A route names an authorizer that there is not.
        """
        for key, definition in routes.items():
            route = self._routes.claim(key)
            what = f"route `{route.key}`"
            function, settings = self._functions.split(definition, _ROUTE_KEYS, what=what)
            integration = self._integration(route, function, settings)
            options = self._authorizers.options(what, settings)
            if settings.get("api_key"):
                options["api_key_required"] = True
            options |= settings.get("method_options") or {}
            self._resource(route.path).add_method(route.method, integration, **options)
            if settings.get("throttle") is not None:
                self._throttle_route(route, settings["throttle"])

    def _throttle_route(self, route: Route, given: Mapping[str, float]) -> None:
        if not isinstance(self.cdk.rest_api, apigateway.RestApi):
            raise self.error(
                InvalidRestRoute,
                f"RestApi `{self.id}`: route `{route.key}` has `throttle`, and the API is imported",
                why="the limits of a route are settings of the stage, which whoever owns the API makes",
                fix="remove `throttle`, and set it where the API is made",
            )
        stage: Any = self.cdk.rest_api.deployment_stage.node.default_child
        limits = throttle_settings(self, given, what=f"`throttle` of route `{route.key}`")
        setting = apigateway.CfnStage.MethodSettingProperty(
            http_method="*" if route.method == "ANY" else route.method,
            # With `~1` for the slashes within: https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSetting.html
            resource_path=f"/{route.path.replace('/', '~1')}",
            throttling_rate_limit=limits.get("rate"),
            throttling_burst_limit=limits.get("burst"),
        )
        stage.method_settings = [*(stage.method_settings or []), setting]

    def _integration(
        self, route: Route, definition: object, settings: Mapping[str, Any]
    ) -> apigateway.Integration:
        given = settings.get("integration")
        if given is None:
            return self._function_integration(route, definition)
        if isinstance(definition, Mapping):
            keys = [*settings, *definition]
            refuse_unknown_settings(self, InvalidRestRoute, f"route `{route.key}`", keys, _ROUTE_KEYS)
        if not isinstance(given, apigateway.Integration):
            raise self.error(
                InvalidRestRoute,
                f"RestApi `{self.id}`: `integration` of route `{route.key}` is `{type(given).__name__}`",
                why="it is an `aws_apigateway.Integration`",
                fix='write `{"integration": apigateway.HttpIntegration("https://…")}`',
            )
        self._routes.put(route, "integration")
        return given

    def _function_integration(self, route: Route, definition: object) -> apigateway.LambdaIntegration:
        function = self._functions.function(route.key, definition, what=f"route `{route.key}`")
        self._routes.put(route, function)
        detail = {"method": route.method, "path": route.path}
        function.triggers.append(Trigger(kind="http", label=route.key, resource=self.path, detail=detail))
        if function.path not in self._integrations:
            # One permission for each function, not two for each of its routes.
            self._integrations[function.path] = apigateway.LambdaIntegration(
                function.cdk.function, scope_permission_to_method=False, allow_test_invoke=False
            )
        return self._integrations[function.path]

    def _resource(self, path: str) -> apigateway.IResource:
        """Return the resource of a path, below the nearest one that an imported API has already."""
        known = [one for one in self._known if path == one or path.startswith(f"{one.rstrip('/')}/")]
        start = max(known, key=len, default="/")
        resource: apigateway.IResource = self._known.get(start, self.cdk.rest_api.root)
        rest = path[len(start.rstrip("/")) :].strip("/")
        return resource.resource_for_path(rest) if rest else resource

    def grant_invoke(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let a function call the routes whose authorizer is `iam`.

        Example:
            >>> Function(stack, "caller", handler="functions/caller.run", permissions=[(api, "grant_invoke")])
        """
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["execute-api:Invoke"],
            resource_arns=[self.cdk.rest_api.arn_for_execute_api()],
        )

    @property
    def api_id(self) -> str:
        """Id of the API, known to CloudFormation."""
        return str(self.cdk.rest_api.rest_api_id)

    @property
    def url(self) -> str:
        """URL of the API without a slash at the end, known to CloudFormation."""
        stack = aws_cdk.Stack.of(self)
        host = f"{self.api_id}.execute-api.{stack.region}.{stack.url_suffix}"
        return f"https://{host}/{self._stage_of_url()}"

    def _stage_of_url(self) -> str:
        if isinstance(self.cdk.rest_api, apigateway.RestApi):
            return str(self.cdk.rest_api.deployment_stage.stage_name)
        if self._stage_name is None:
            raise self.error(
                UnknownRestStage,
                f"RestApi `{self.id}` is imported, and its stage is not known",
                why="its URL ends with the name of the stage",
                fix='add `stage_name="prod"`, the name of the stage that the API is deployed to',
            )
        return self._stage_name

    @property
    def grants(self) -> apigateway.IRestApi:
        """The CDK's API, whose `grant_…` methods `permissions` can name."""
        api: apigateway.IRestApi = self.cdk.rest_api
        return api

    def attributes(self) -> dict[str, Any]:
        """Return the routes, with the function behind each, and the stage of the API."""
        return {**super().attributes(), "stage": self._stage_name or self.registry.stage.name}


def _preflight(settings: Mapping[str, Any]) -> apigateway.CorsOptions:
    methods = settings["allow_methods"]
    own: dict[str, Any] = {
        **settings,
        "allow_methods": [one for one in METHODS if one != "ANY"] if "ANY" in methods else methods,
    }
    if "max_age" in own:
        own["max_age"] = aws_cdk.Duration.seconds(own["max_age"])
    return apigateway.CorsOptions(**own)
