"""What stands behind a route of an HTTP API when it is no function: a URL, a load balancer, an AWS service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aws_cdk
import aws_cdk.aws_apigatewayv2 as apigateway
import aws_cdk.aws_apigatewayv2_integrations as integrations
import aws_cdk.aws_iam as iam

from sundog.constructs._binding import Bindable
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_set import identifier
from sundog.constructs._routes import METHODS, Route
from sundog.constructs._settings import one_of, refuse_missing_settings, refuse_unknown_settings
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.errors import ConstructError

_OF_HTTP = ("method", "parameters", "timeout")
_OF_BALANCERS = ("vpc_link", "secure_server_name", *_OF_HTTP)
_KEYS = {
    "url": ("url", *_OF_HTTP),
    "alb": ("alb", *_OF_BALANCERS),
    "nlb": ("nlb", *_OF_BALANCERS),
    "aws": ("aws", "on", "parameters"),
    "integration": ("integration",),
}
"""What a route that is no function says, by the setting that tells what it is."""
OF_ANY_ROUTE = ("authorizer", "scopes", "throttle")
"""What is said of a route, whatever answers it."""
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 30
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"""


class InvalidRouteSettings(ConstructError):
    """What stands behind a route of an `Api` is not described completely, or as two things at once.

    Besides functions a route takes `{"url": "https://example.com/{proxy}"}`, `{"alb": listener}`, `{"nlb": listener}`,
    `{"aws": "SQS-SendMessage", "on": queue, "parameters": {"MessageBody": "$request.body"}}` and
    `{"integration": …}` with an integration of the CDK.
    """

    code = "SD-API-007"


@dataclass(frozen=True, kw_only=True)
class _Service:
    """A service that API Gateway calls itself."""

    arn: str
    """Attribute of the CDK's construct that holds the ARN."""
    parameter: str
    """What the service calls the resource."""
    value: str
    """Attribute that holds it."""


_SERVICES = {
    "EventBridge": _Service(arn="event_bus_arn", parameter="EventBusName", value="event_bus_name"),
    "SQS": _Service(arn="queue_arn", parameter="QueueUrl", value="queue_url"),
    "Kinesis": _Service(arn="stream_arn", parameter="StreamName", value="stream_name"),
    "StepFunctions": _Service(
        arn="state_machine_arn", parameter="StateMachineArn", value="state_machine_arn"
    ),
}
_Subtype = apigateway.HttpIntegrationSubtype
_CALLS = {
    "EventBridge-PutEvents": ("events:PutEvents", _Subtype.EVENTBRIDGE_PUT_EVENTS),
    "SQS-SendMessage": ("sqs:SendMessage", _Subtype.SQS_SEND_MESSAGE),
    "SQS-ReceiveMessage": ("sqs:ReceiveMessage", _Subtype.SQS_RECEIVE_MESSAGE),
    "SQS-DeleteMessage": ("sqs:DeleteMessage", _Subtype.SQS_DELETE_MESSAGE),
    "SQS-PurgeQueue": ("sqs:PurgeQueue", _Subtype.SQS_PURGE_QUEUE),
    "Kinesis-PutRecord": ("kinesis:PutRecord", _Subtype.KINESIS_PUT_RECORD),
    "StepFunctions-StartExecution": ("states:StartExecution", _Subtype.STEPFUNCTIONS_START_EXECUTION),
    "StepFunctions-StartSyncExecution": (
        "states:StartSyncExecution",
        _Subtype.STEPFUNCTIONS_START_SYNC_EXECUTION,
    ),
    "StepFunctions-StopExecution": ("states:StopExecution", _Subtype.STEPFUNCTIONS_STOP_EXECUTION),
    "AppConfig-GetConfiguration": ("appconfig:GetConfiguration", _Subtype.APPCONFIG_GET_CONFIGURATION),
}
"""The calls that API Gateway makes by itself, the permission that each takes, and the CDK's word for it:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-aws-services-reference.html
"""


def kind_of(api: SundogConstruct, route: Route, definition: object) -> str | None:
    """Return what stands behind a route: a key of the dictionary that says so, or None for a function.

    Raises:
        InvalidRouteSettings: It says two things at once, or has a setting that there is not.
    """
    if not isinstance(definition, Mapping):
        return None
    kinds = [key for key in _KEYS if key in definition]
    if not kinds:
        return None
    other = [key for key in (*kinds[1:], "handler", "function") if key in definition]
    if other:
        raise api.error(
            InvalidRouteSettings,
            f"{api.kind} `{api.id}`: route `{route.key}` has both `{kinds[0]}` and `{other[0]}`",
            why="one thing answers a route",
            fix=f"remove `{other[0]}`",
        )
    what = f"route `{route.key}`"
    refuse_unknown_settings(api, InvalidRouteSettings, what, definition, (*_KEYS[kinds[0]], *OF_ANY_ROUTE))
    return kinds[0]


def integration_of(
    api: SundogConstruct, route: Route, kind: str, settings: Mapping[str, Any]
) -> apigateway.HttpRouteIntegration:
    """Return what the CDK calls the thing behind a route.

    Args:
        api: The API.
        route: The route.
        kind: As `kind_of` told.
        settings: The user's dictionary.
    """
    made: apigateway.HttpRouteIntegration = _MAKERS[kind](api, route, settings)
    return made


def _url(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> Any:
    return integrations.HttpUrlIntegration(
        identifier(route.key), settings["url"], **_http(api, route, settings)
    )


def _alb(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> Any:
    return integrations.HttpAlbIntegration(
        identifier(route.key), settings["alb"], **_http(api, route, settings)
    )


def _nlb(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> Any:
    return integrations.HttpNlbIntegration(
        identifier(route.key), settings["nlb"], **_http(api, route, settings)
    )


def _http(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the CDK's properties for how a request is handed on."""
    found = {
        name: settings[name] for name in ("vpc_link", "secure_server_name") if settings.get(name) is not None
    }
    method, parameters, timeout = (settings.get(name) for name in _OF_HTTP)
    if method is not None:
        if isinstance(method, str):
            name = one_of(api, InvalidRouteSettings, "method", method.upper(), METHODS)
            method = apigateway.HttpMethod[name]
        found["method"] = method
    if parameters is not None:
        found["parameter_mapping"] = _mapping(parameters)
    if timeout is not None:
        value = seconds(timeout)
        # The CDK cannot make milliseconds of what only CloudFormation knows.
        if value is None or is_token(value) or not SHORTEST_WAIT_SECONDS <= value <= LONGEST_WAIT_SECONDS:
            raise api.error(
                InvalidRouteSettings,
                f"{api.kind} `{api.id}`: `timeout` of route `{route.key}` is `{timeout}`",
                why=f"API Gateway waits for {LONGEST_WAIT_SECONDS} seconds at most, written as {DURATION_FORMS}",
                fix='write `"timeout": "10 seconds"`',
            )
        found["timeout"] = aws_cdk.Duration.millis(round(value * 1000))
    return found


def _mapping(parameters: Mapping[str, str]) -> apigateway.ParameterMapping:
    mapping = apigateway.ParameterMapping()
    for name, value in parameters.items():
        mapping.custom(name, value)
    return mapping


def _given(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> Any:
    found = settings["integration"]
    if not isinstance(found, apigateway.HttpRouteIntegration):
        raise api.error(
            InvalidRouteSettings,
            f"{api.kind} `{api.id}`: `integration` of route `{route.key}` is `{type(found).__name__}`",
            why="it is an `aws_apigatewayv2.HttpRouteIntegration`, such as those of `aws_apigatewayv2_integrations`",
            fix='write `{"integration": integrations.HttpUrlIntegration("…", "https://…")}`',
        )
    return found


def _aws(api: SundogConstruct, route: Route, settings: Mapping[str, Any]) -> Any:
    what = f"route `{route.key}`"
    call = one_of(api, InvalidRouteSettings, "call of an AWS service", settings["aws"], list(_CALLS))
    action, subtype = _CALLS[call]
    refuse_missing_settings(api, InvalidRouteSettings, what, settings, {"on": '"on": queue'})
    arn, parameters = _resource(api, what, call, settings["on"])
    role = iam.Role(
        api, f"{identifier(route.key)}_Role", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com")
    )
    role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[arn]))
    mapping = _mapping({**parameters, **(settings.get("parameters") or {})})
    return _ServiceIntegration(identifier(route.key), subtype, role, mapping)


def _resource(api: SundogConstruct, what: str, call: str, given: Any) -> tuple[str, dict[str, str]]:
    """Return the ARN of what is called, and the parameter that names it."""
    if isinstance(given, str):
        return given, {}
    resource = given.grants if isinstance(given, Bindable) else given
    service = _SERVICES.get(call.partition("-")[0])
    if service is None or not hasattr(resource, service.arn):
        raise api.error(
            InvalidRouteSettings,
            f"{api.kind} `{api.id}`: {what} calls `{call}` on `{type(given).__name__}`",
            why="it is no resource of that service"
            if service
            else "the service has no construct that names what is read",
            fix="hand in the construct, or an ARN as text with the name among `parameters`",
        )
    if call == "StepFunctions-StopExecution":
        # What is stopped is an execution, which the parameter `ExecutionArn` names.
        executions = aws_cdk.Stack.of(api).format_arn(
            service="states",
            resource="execution",
            resource_name=f"{resource.state_machine_name}:*",
            arn_format=aws_cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        return executions, {}
    return getattr(resource, service.arn), {service.parameter: getattr(resource, service.value)}


class _ServiceIntegration(apigateway.HttpRouteIntegration):
    """A call of an AWS service, which the CDK has for some services only."""

    def __init__(
        self,
        id: str,  # noqa: A002 - the CDK's own name
        subtype: apigateway.HttpIntegrationSubtype,
        role: iam.Role,
        mapping: apigateway.ParameterMapping,
    ) -> None:
        super().__init__(id)
        self._subtype = subtype
        self._role = role
        self._mapping = mapping

    def bind(self, options: Any) -> apigateway.HttpRouteIntegrationConfig:  # type: ignore[override]
        """Tell the CDK, which hands its options over as one object, what to write."""
        del options
        return apigateway.HttpRouteIntegrationConfig(
            type=apigateway.HttpIntegrationType.AWS_PROXY,
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_1_0,
            subtype=self._subtype,
            credentials=apigateway.IntegrationCredentials.from_role(self._role),
            parameter_mapping=self._mapping,
        )


_MAKERS: dict[str, Callable[[SundogConstruct, Route, Mapping[str, Any]], Any]] = {
    "url": _url,
    "alb": _alb,
    "nlb": _nlb,
    "aws": _aws,
    "integration": _given,
}
