"""REST APIs publish no metrics: an alarm on their server errors never goes off.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .api_measures import Dimensions, measure_integrations, measure_requests

MODULE = "ministack.services.apigateway_v1"
VERSIONS = frozenset({"1.5.33"})

_INTEGRATIONS = (
    "_invoke_http_proxy_v1",
    "_invoke_lambda_custom_v1",
    "_invoke_lambda_proxy_v1",
    "_invoke_sqs_v1",
)


def mend(module: Any) -> None:
    """Publish them."""

    def dimensions_of(api_id: str, stage: str) -> Iterable[Dimensions]:
        api = module._rest_apis.get(api_id)
        if api is None or stage not in module._stages_v1.get(api_id, {}):
            return ()
        # Characters beyond ASCII are left out of the name; when none are left, it is the id.
        name = str(api.get("name") or "").encode("ascii", "ignore").decode() or api_id
        of_api = ("ApiName", name)
        return (of_api,), (of_api, ("Stage", stage))

    measure_integrations(module, _INTEGRATIONS)
    measure_requests(module, dimensions_of, client_errors="4XXError", server_errors="5XXError")
