"""The request validators of a REST API in a template are made without what they check, and methods without their validator."""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Store them; the emulator's APIs follow them then."""

    def store_validator(identity: str, properties: Properties) -> None:
        of_api = module._apigw_v1._request_validators.setdefault(properties["RestApiId"], {})
        of_api[identity] = {
            "id": identity,
            "name": properties.get("Name", ""),
            "validateRequestBody": _is_true(properties.get("ValidateRequestBody")),
            "validateRequestParameters": _is_true(properties.get("ValidateRequestParameters")),
        }

    def store_method(_identity: str, properties: Properties) -> None:
        resources = module._apigw_v1._resources.get(properties["RestApiId"], {})
        method = resources[properties["ResourceId"]]["resourceMethods"][properties.get("HttpMethod", "ANY")]
        method["requestValidatorId"] = properties.get("RequestValidatorId")

    afterwards(module, "AWS::ApiGateway::RequestValidator", store_validator)
    afterwards(module, "AWS::ApiGateway::Method", store_method)


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"
