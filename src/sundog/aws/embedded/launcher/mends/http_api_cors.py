"""An HTTP API's CORS settings from CloudFormation do nothing: every preflight is answered 403.

The provisioner stores them as the template writes them (`AllowOrigins`), the data plane reads them as the API does
(`allowOrigins`).
"""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties, change_properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Store the settings under the names that are read."""
    change_properties(module, "AWS::ApiGatewayV2::Api", _with_read_names)


def _with_read_names(properties: Properties) -> Properties:
    cors = properties.get("CorsConfiguration")
    if not isinstance(cors, dict):
        return properties
    return {
        **properties,
        "CorsConfiguration": {name[0].lower() + name[1:]: value for name, value in cors.items()},
    }
