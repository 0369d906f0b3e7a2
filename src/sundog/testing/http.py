"""Requests to an app's APIs, with the standard library alone."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

TIMEOUT_SECONDS = 60.0
# No proxy reaches this machine's loopback, and a redirect is an answer that a test wants to see.


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


@dataclass(frozen=True, kw_only=True)
class HttpResponse:
    """What a route answered."""

    status: int
    headers: Message
    """Names in any spelling; `headers.get_all("set-cookie")` for one that is there several times."""
    body: bytes

    @property
    def text(self) -> str:
        """The body as UTF-8."""
        return self.body.decode("utf-8")

    def json(self) -> Any:  # noqa: ANN401 - whatever the handler answered
        """Return the body, decoded.

        Raises:
            AssertionError: It is not JSON; the message shows status and body.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise AssertionError(f"the answer is not JSON: {self.status} {self.body[:500]!r}") from error


def send(
    method: str,
    url: str,
    *,
    content: object = None,
    data: bytes | str | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Send a request.

    Args:
        method: `GET`.
        url: Where to.
        content: Sent as JSON, unless `data` is given.
        data: Sent as it is.
        headers: Of the request.
        query: Added to the URL.
    """
    own = {name.lower(): value for name, value in (headers or {}).items()}
    body = data.encode() if isinstance(data, str) else data
    if body is None and content is not None:
        body = json.dumps(content).encode()
        own.setdefault("content-type", "application/json")
    url += query_string(url, query)
    url = _on_loopback(url, own)
    request = urllib.request.Request(url, body, own, method=method.upper())  # noqa: S310 - the app's own URL
    try:
        with _OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
            return HttpResponse(status=response.status, headers=response.headers, body=response.read())
    except urllib.error.HTTPError as error:
        with error:
            return HttpResponse(status=error.code, headers=error.headers, body=error.read())


def query_string(url: str, query: Mapping[str, str] | None) -> str:
    """Return what a query adds to a URL."""
    if not query:
        return ""
    return ("&" if "?" in url else "?") + urllib.parse.urlencode(query)


def _on_loopback(url: str, headers: dict[str, str]) -> str:
    """Return the address of a name below `localhost`, and put the name into the headers.

    Such names mean this machine (https://www.rfc-editor.org/rfc/rfc6761#section-6.3). Browsers know that; not every
    system's resolver does.
    """
    parts = urllib.parse.urlsplit(url)
    if not (parts.hostname or "").endswith(".localhost"):
        return url
    headers.setdefault("host", parts.netloc)
    port = "" if parts.port is None else f":{parts.port}"
    return parts._replace(netloc=f"127.0.0.1{port}").geturl()
