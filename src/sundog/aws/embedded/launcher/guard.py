"""Who may talk to the emulator: programs on this machine, and web pages that were served by this machine.

The emulator has no authentication. Listening on 127.0.0.1 keeps other machines out; it does not keep out web pages,
which the user's own browser fetches from anywhere and which may send requests to 127.0.0.1. Two checks do:

- *Host.* A page that reaches 127.0.0.1 through a name of its own (DNS rebinding) sends that name.
- *Origin*, `Sec-Fetch-Site` and `Referer`. A page of another site announces itself by one of them. A request without any
  comes from a program that is no browser.

The user's own APIs (`/_aws/execute-api/…`) are for web pages of any origin: the API's CORS settings decide there, as on AWS.
Paths that steer the emulator itself need the control token that only the parent has.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import urlsplit

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

CONTROL_PREFIX = "/_sundog/"
CONTROL_TOKEN_HEADER = "x-sundog-control"  # noqa: S105 - the name of a header

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_USER_APIS = ("/_aws/execute-api/", "/_aws/lambda-url/")
_USER_API_LABELS = (".execute-api.", ".lambda-url.", ".cloudfront.")
_EMULATOR_PREFIXES = ("/_ministack/", "/_localstack/")
# What the emulator's own custom resources and layers call while it deploys, and its health.
_EMULATOR_OPEN = (
    "/_ministack/health",
    "/_ministack/ready",
    "/_ministack/cfn-response/",
    "/_ministack/cfn-signal/",
    "/_ministack/lambda-code/",
    "/_ministack/lambda-layers/",
)


def is_loopback_name(host: str) -> bool:
    """Whether a host name can only mean this machine, in every browser and resolver."""
    return host in _LOOPBACK or host.endswith(".localhost")


def refusal(method: str, path: str, headers: dict[str, str], control_token: str) -> str | None:
    """Return why a request is refused, or None when it may pass.

    Args:
        method: The HTTP method.
        path: The decoded path.
        headers: By lower-case name.
        control_token: What the parent presents.
    """
    del method
    host = _host_name(headers.get("host", ""))
    if not is_loopback_name(host):
        return f"`{host}` is not a name of this machine"
    if path.startswith((*_EMULATOR_PREFIXES, CONTROL_PREFIX)) and not path.startswith(_EMULATOR_OPEN):
        presented = headers.get(CONTROL_TOKEN_HEADER, "")
        if not hmac.compare_digest(presented.encode(), control_token.encode()):
            return "this path needs the control token"
    if _is_user_api(host, path):
        return None
    return _foreign_page(headers)


def _host_name(value: str) -> str:
    # A host header may hold anything; what cannot be read is no name of this machine.
    try:
        return (urlsplit(f"//{value}").hostname or "").lower()
    except ValueError:
        return ""


def _is_user_api(host: str, path: str) -> bool:
    return path.startswith(_USER_APIS) or any(label in host for label in _USER_API_LABELS)


def _foreign_page(headers: dict[str, str]) -> str | None:
    origin = headers.get("origin")
    if origin is not None:
        return None if _is_loopback_url(origin) else f"pages of `{origin}` may not use the local cloud"
    referer = headers.get("referer")
    if referer is not None and not _is_loopback_url(referer):
        return "pages of other sites may not use the local cloud"
    if headers.get("sec-fetch-site") in {"cross-site", "same-site"} and referer is None:
        return "pages of other sites may not use the local cloud"
    return None


def _is_loopback_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and is_loopback_name((parts.hostname or "").lower())
    except ValueError:
        return False


class Guard:
    """Wraps an ASGI application and lets only allowed requests through."""

    def __init__(
        self, application: Application, control: Application, control_token: str, touched: Callable[[], None]
    ) -> None:
        """Put a guard before the emulator.

        Args:
            application: The emulator.
            control: Answers the paths below `/_sundog/`.
            control_token: What the parent presents.
            touched: Called for each request that may change something.
        """
        self._application = application
        self._control = control
        self._control_token = control_token
        self._touched = touched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        if scope["type"] not in {"http", "websocket"}:
            await self._application(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        path = scope.get("path", "")
        reason = refusal(scope.get("method", "GET"), path, headers, self._control_token)
        if reason is not None:
            await _refuse(scope, receive, send, reason)
        elif path.startswith(CONTROL_PREFIX):
            await self._control(scope, receive, send)
        else:
            if path != "/_ministack/health":
                self._touched()
            await self._application(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})
        return
    body = f"sundog's local cloud refused this request: {reason}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
