"""HTTP APIs publish no metrics: an alarm on their server errors never goes off.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .api_measures import Dimensions, measure_integrations, measure_requests

MODULE = "ministack.services.apigateway"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Publish them."""

    def dimensions_of(api_id: str, stage: str) -> Iterable[Dimensions]:
        api = module._apis.get(api_id)
        # WebSocket APIs have other metrics, and a request to a stage that is not there is none of the API's.
        if api is None or api.get("protocolType") != "HTTP" or stage not in module._stages.get(api_id, {}):
            return ()
        of_api = ("ApiId", api_id)
        return (of_api,), (of_api, ("Stage", stage))

    measure_integrations(module, ("_invoke_lambda_proxy", "_invoke_http_proxy"))
    measure_requests(module, dimensions_of, client_errors="4xx", server_errors="5xx", data="DataProcessed")
