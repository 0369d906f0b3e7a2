"""Requests as an HTTP API hands them to a function, and the answers that it takes."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from sundog_runtime.auth._errors import SignInError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LARGEST_FORM = 64 * 1024


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers with names in lower case."""
    return {name.lower(): value for name, value in (event.get("headers") or {}).items()}


def cookies_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the cookies; of two with one name the first, which browsers send for the narrower path."""
    pairs = event.get("cookies") or headers_of(event).get("cookie", "").split(";")
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.strip().partition("=")
        if equals:
            found.setdefault(name, value)
    return found


class Request:
    """What the authenticator needs to know of a request."""

    def __init__(self, event: Mapping[str, Any], prefix: str) -> None:
        """Read an event of payload format 2.0."""
        http = event.get("requestContext", {}).get("http", {})
        self.method: str = http.get("method", "GET")
        rest = (event.get("pathParameters") or {}).get("proxy")
        if rest is None:
            rest = event.get("rawPath", "").partition(prefix)[2]
        self.parts: list[str] = [part for part in rest.split("/") if part]
        self.headers = headers_of(event)
        self.cookies = cookies_of(event)
        self.query = dict(reversed(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)))
        self._event = event

    def form(self) -> dict[str, str]:
        """Return the fields of a form, or of a JSON object.

        Raises:
            SignInError: The body is neither.
        """
        body = self._event.get("body") or ""
        refused = SignInError("the body is neither a form nor JSON")
        if len(body) > _LARGEST_FORM:
            raise refused
        try:
            if self._event.get("isBase64Encoded"):
                body = base64.b64decode(body).decode()
            if self.headers.get("content-type", "").startswith("application/json"):
                found = json.loads(body)
                if not isinstance(found, dict):
                    raise refused
                return {name: value for name, value in found.items() if isinstance(value, str)}
            return dict(parse_qsl(body, keep_blank_values=True))
        except (ValueError, binascii.Error) as error:
            raise refused from error


def answer(
    status: int,
    body: str = "",
    *,
    kind: str = "application/json",
    location: str | None = None,
    cookies: Sequence[str] = (),
    policy: str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
) -> dict[str, Any]:
    """Return an answer that no cache keeps and that tells no other site where it was."""
    headers = {
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": policy,
    }
    if body:
        headers["content-type"] = f"{kind}; charset=utf-8"
    if location is not None:
        headers["location"] = location
    return {"statusCode": status, "headers": headers, "cookies": list(cookies), "body": body}


def json_answer(status: int, content: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return an answer of JSON."""
    return answer(status, json.dumps(content), **more)


def cookie(name: str, value: str, seconds: int, *, secure: bool, same_site: str = "Lax") -> str:
    """Return a cookie that scripts cannot read and other sites cannot send."""
    parts = [f"{name}={value}", "Path=/", f"Max-Age={seconds}", "HttpOnly", f"SameSite={same_site}"]
    return "; ".join([*parts, "Secure"] if secure else parts)
