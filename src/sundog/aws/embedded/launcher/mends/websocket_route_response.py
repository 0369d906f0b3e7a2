"""CloudFormation has no `AWS::ApiGatewayV2::RouteResponse`, which a route that answers its caller needs.

The service itself has route responses; only the type is missing.
"""

from __future__ import annotations

import json
from typing import Any

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})
_TYPE = "AWS::ApiGatewayV2::RouteResponse"


def mend(module: Any) -> None:
    """Add the type, unless it is there."""

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, Any]]:
        del logical_id, stack
        created = _answer(
            module._apigw_v2._create_route_response(*_route(properties), _as_the_api_has_it(properties))
        )
        return created["routeResponseId"], {"RouteResponseId": created["routeResponseId"]}

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        if _route(old) != _route(new):
            # Of another route: a new resource. CloudFormation deletes the old one.
            return create(logical_id or physical_id, new, stack)
        _answer(module._apigw_v2._update_route_response(*_route(new), physical_id, _as_the_api_has_it(new)))
        return physical_id, {"RouteResponseId": physical_id}

    def delete(physical_id: str, properties: Properties) -> None:
        module._apigw_v2._delete_route_response(*_route(properties), physical_id)

    module._RESOURCE_HANDLERS.setdefault(_TYPE, {"create": create, "update": update, "delete": delete})


def _route(properties: Properties) -> tuple[str, str]:
    # A route's physical id in this emulator is `<api>/<route>`; in AWS it is the route's alone.
    return properties.get("ApiId", ""), str(properties.get("RouteId", "")).rpartition("/")[2]


def _as_the_api_has_it(properties: Properties) -> Properties:
    return {
        name[0].lower() + name[1:]: value
        for name, value in properties.items()
        if name not in {"ApiId", "RouteId"}
    }


def _answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = response
    if status >= 400:
        raise ValueError(f"{_TYPE}: {body.decode('utf-8', 'replace')}")
    answered: dict[str, Any] = json.loads(body)
    return answered
