"""An HTTP API's HTTP_PROXY integration appends the path of the request to its URL, and leaves parameters as they are.

AWS calls the URL as it stands, with the path parameters of the route in the place of `{name}`:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
It also hands on all headers of the answer, of which the emulator keeps one, and follows no redirection.
"""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from contextvars import ContextVar
from typing import Any

MODULE = "ministack.services.apigateway"
VERSIONS = frozenset({"1.5.33"})

_PARAMETER = re.compile(r"\{([^{}+]+)\+?\}")
_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "content-length",
        "host",
        "keep-alive",
        "te",  # codespell:ignore te
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_TIMEOUT_SECONDS = 30
"""The longest that an HTTP API waits for an integration."""

_request: ContextVar[tuple[dict[str, str], str]] = ContextVar("request")
"""The path parameters and the path of the request that is being served."""


def mend(module: Any) -> None:
    """Call the URL as AWS does."""
    mapped = module._apply_request_parameter_mappings

    def remembering(integration: Any, **given: Any) -> Any:
        _request.set((given["path_params"], given["request_path"]))
        return mapped(integration, **given)

    async def call(
        integration: dict[str, Any],
        path: str,
        method: str,
        headers: dict[str, str],
        body: bytes,
        query: dict[str, Any],
    ) -> tuple[int, dict[str, Any], bytes]:
        parameters, requested = _request.get()
        # Another path than the request's was put there by `overwrite:path`.
        url = _url(
            integration.get("integrationUri", ""), parameters, None if path == requested else path, query
        )
        wanted = integration.get("integrationMethod", "ANY")
        request = urllib.request.Request(  # noqa: S310 - the user's own URL
            url,
            data=body or None,
            headers={
                name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION
            },
            method=method if wanted == "ANY" else wanted,
        )
        return await asyncio.to_thread(_call, request)

    module._apply_request_parameter_mappings = remembering
    module._invoke_http_proxy = call


def _url(template: str, parameters: dict[str, str], path: str | None, query: dict[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        return urllib.parse.quote(parameters.get(match[1], match[0]), safe="/:@!$&'()*+,;=-._~")

    parts = urllib.parse.urlsplit(_PARAMETER.sub(value, template))
    pairs = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    for name, values in query.items():
        pairs += [(name, one) for one in (values if isinstance(values, list) else [values])]
    return parts._replace(
        path=parts.path if path is None else path, query=urllib.parse.urlencode(pairs)
    ).geturl()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *arguments: Any) -> None:
        """Leave a redirection to the caller."""


def _call(request: urllib.request.Request) -> tuple[int, dict[str, Any], bytes]:
    # Without a proxy of the machine's environment: the URL is called from here, as API Gateway calls it.
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            return response.status, _headers(response.headers), response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _headers(error.headers), error.read()
    except OSError:
        # Both that it cannot be reached and that it does not answer in time.
        content = json.dumps({"message": "Service Unavailable"}).encode()
        return 503, {"Content-Type": "application/json"}, content


def _headers(received: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name in received:
        if name.lower() not in _OF_THE_CONNECTION:
            values = received.get_all(name)
            kept[name] = values if len(values) > 1 else values[0]
    return kept
