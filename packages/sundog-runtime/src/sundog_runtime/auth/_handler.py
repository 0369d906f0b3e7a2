"""The authenticator: the function behind the routes that the `Auth` construct adds to an API."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from sundog_runtime.auth._errors import SignInError
from sundog_runtime.auth._link import MagicLink, _refuse_other_sites
from sundog_runtime.auth._requests import Request, answer, cookie, json_answer
from sundog_runtime.auth._session import Session
from sundog_runtime.auth._settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sundog_runtime.auth._identity import Identity
    from sundog_runtime.auth._oauth import Finished, OAuth2
    from sundog_runtime.auth._settings import Settings

DELIVERIES = ("cookie", "fragment")


class AuthHandler:
    """A Lambda handler that signs people in.

    Its routes, below the construct's prefix: `GET <provider>/start?redirect=…` sends somebody to a provider, `POST
    email/start` sends a link, `<provider>/callback` takes them back, `GET session` says who is signed in, and `POST
    sign-out` ends it.

    Args:
        providers: By the name that is in their addresses.
        on_sign_in: Given an `Identity`, returns what the session should say, with `subject` for who it is; or raises
            `SignInRefused`. By default the subject is the provider and its name for the person.
        deliver: `cookie` sets a cookie for the API; `fragment` hands the token to the page that people come back to, behind
            `#session=`, for pages whose site is not the API's.
        auth: The construct's id, when the function has several.

    Example:
        >>> handler = AuthHandler(
        ...     {"google": Google(client_id="…", client_secret=lambda: resources.google_secret.value)},
        ...     on_sign_in=lambda identity: {"subject": identity.subject, "email": identity.email},
        ... )
    """

    def __init__(
        self,
        providers: Mapping[str, OAuth2 | MagicLink],
        *,
        on_sign_in: Callable[[Identity], Mapping[str, Any] | None] | None = None,
        deliver: str = "cookie",
        auth: str | None = None,
    ) -> None:
        if deliver not in DELIVERIES:
            raise ValueError(f"`deliver` is {' or '.join(map(repr, DELIVERIES))}, not {deliver!r}")
        for name in providers:
            if name in ("session", "sign-out") or quote(name, safe="") != name or not name:
                raise ValueError(f"a provider cannot be called {name!r}: it is part of an address")
        self._providers = dict(providers)
        self._on_sign_in = on_sign_in
        self._deliver = deliver
        self._auth = auth

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answer a request."""
        del context
        settings = settings_of(self._auth)
        request = Request(event, settings.prefix)
        try:
            return self._route(request, settings)
        except SignInError as error:
            if error.code != "not_found":
                # For who runs the app: the provider, the answer, and what lies behind it. No token, no code, no address.
                logging.getLogger("sundog_runtime").warning(
                    "%s %s: %s: %s%s",
                    request.method,
                    "/".join(request.parts),
                    error.code,
                    error,
                    f" ({error.__cause__!r})" if error.__cause__ is not None else "",
                )
            return json_answer(error.status, {"error": error.code, "message": str(error)})

    def _route(self, request: Request, settings: Settings) -> dict[str, Any]:
        if request.parts == ["session"] and request.method == "GET":
            return self._session(request, settings)
        if request.parts == ["sign-out"] and request.method == "POST":
            _refuse_other_sites(request, settings.origins)
            return answer(204, cookies=[_session_cookie(settings, "", 0)])
        provider = self._providers.get(request.parts[0]) if len(request.parts) == 2 else None
        if provider is None or request.parts[1] not in ("start", "callback"):
            raise SignInError("there is nothing at this address", code="not_found", status=404)
        name = request.parts[0]
        if request.parts[1] == "start":
            return provider.start(request, settings, name)
        if isinstance(provider, MagicLink) and request.method == "GET":
            return provider.page(request, settings, name)
        if request.method != "GET" and not (
            request.method == "POST" and (provider.form_post or isinstance(provider, MagicLink))
        ):
            raise SignInError("this address is for browsers", status=405)
        return self._finish(request, settings, provider.finish(request, settings, name))

    def _session(self, request: Request, settings: Settings) -> dict[str, Any]:
        event = {
            "headers": request.headers,
            "cookies": [f"{name}={value}" for name, value in request.cookies.items()],
        }
        session = Session.find(event, auth=settings.name)
        if session is None:
            return json_answer(200, {"signed_in": False})
        shown = {
            "subject": session.subject,
            "properties": session.properties,
            "expires_at": session.expires_at,
        }
        return json_answer(200, {"signed_in": True, **shown})

    def _finish(self, request: Request, settings: Settings, finished: Finished) -> dict[str, Any]:
        # 303 makes a GET of the POST that a form or Apple sent.
        status = 303 if request.method == "POST" else 302
        identity = finished.identity
        if identity is None:
            target = _with_query(finished.redirect, error=str(finished.error)[:100])
            return answer(status, location=target, cookies=finished.cookies)
        properties = dict((self._on_sign_in(identity) if self._on_sign_in else None) or {})
        subject = str(properties.pop("subject", f"{identity.provider}:{identity.subject}"))
        token = Session.create(subject, properties, auth=settings.name)
        if self._deliver == "fragment":
            target = f"{finished.redirect.partition('#')[0]}#session={token}"
            return answer(status, location=target, cookies=finished.cookies)
        cookies = [*finished.cookies, _session_cookie(settings, token, settings.session_seconds)]
        return answer(status, location=finished.redirect, cookies=cookies)


def _session_cookie(settings: Settings, token: str, seconds: int) -> str:
    return cookie(settings.session_cookie, token, seconds, secure=settings.is_secure)


def _with_query(address: str, **values: str) -> str:
    parts = urlsplit(address)
    query = "&".join(filter(None, [parts.query, urlencode(values)]))
    return urlunsplit(parts._replace(query=query))
