"""A streamed response that the session has put together again is sent to the caller of a function URL as its JSON.

The emulator looks for the head of a stream in the bytes of a result. What comes from the session is an object with the
status, the headers and the body already, and is marked as such.
"""

from __future__ import annotations

from typing import Any

MODULE = "ministack.services.lambda_svc"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Answer with its status, headers and body."""
    as_stream = module._function_url_stream_response

    def respond(result: dict[str, Any], cors_headers: dict[str, str]) -> Any:
        response = result.get("body")
        if not result.get("sundog_http_stream") or not isinstance(response, dict):
            return as_stream(result, cors_headers)
        # Lambda's own default for a stream differs from that of a response in one piece.
        headers = {"Content-Type": "application/octet-stream", **(response.get("headers") or {})}
        return module._function_url_proxy_response({**response, "headers": headers}, cors_headers)

    module._function_url_stream_response = respond
