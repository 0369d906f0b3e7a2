"""A REST API shows the error of a function that failed to the caller.

AWS answers 502 `{"message": "Internal server error"}` and shows nothing of the error:
https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.apigateway_v1"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Answer as AWS does."""
    original = module._lambda_proxy_response

    def shaped(result: Any) -> tuple[Any, str | None]:
        response, error = original(result)
        return response, None if error is None else "Internal server error"

    module._lambda_proxy_response = shaped
