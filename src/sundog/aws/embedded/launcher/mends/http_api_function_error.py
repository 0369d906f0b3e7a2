"""An HTTP API shows the error of a function that failed to the caller, with status 502.

AWS answers 500 `{"message":"Internal Server Error"}` and shows nothing of the error:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

MODULE = "ministack.services.apigateway"
VERSIONS = frozenset({"1.5.33"})

_ANSWER = {
    "statusCode": 500,
    "headers": {"Content-Type": "application/json"},
    "body": '{"message":"Internal Server Error"}',
}
_SHAPER = "lambda_execute_result_to_api_proxy_response"


def mend(module: Any) -> None:
    """Answer as AWS does, in HTTP APIs only: REST APIs share the code, and there 502 is right."""
    original = module._invoke_lambda_proxy
    in_http_api: ContextVar[bool] = ContextVar("in_http_api", default=False)
    shaped: list[Any] = []

    def shape_errors() -> None:
        # The module with the shared code is imported when an API first invokes; not earlier for our sake.
        from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]

        shape = getattr(lambda_svc, _SHAPER)

        def response(result: Any) -> Any:
            if in_http_api.get() and result.get("error") and not result.get("throttle"):
                return dict(_ANSWER), None
            return shape(result)

        setattr(lambda_svc, _SHAPER, response)
        shaped.append(response)

    async def invoke(*arguments: Any, **named: Any) -> Any:
        if not shaped:
            shape_errors()
        token = in_http_api.set(True)
        try:
            return await original(*arguments, **named)
        finally:
            in_http_api.reset(token)

    module._invoke_lambda_proxy = invoke
