"""Sessions: who has signed in, as a signed token in a cookie or in the Authorization header."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from sundog_runtime.auth._errors import InvalidToken
from sundog_runtime.auth._requests import cookies_of, headers_of
from sundog_runtime.auth._settings import Settings, settings_of
from sundog_runtime.auth._tokens import SESSION, read, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


WEB_SOCKET_PROTOCOL = "session"
"""What a page offers before its token, and what the function of `$connect` takes."""


class NotSignedIn(Exception):
    """A request without a session, or with one that is not good any more."""

    def response(self) -> dict[str, Any]:
        """Return the answer of an API: 401."""
        return {
            "statusCode": 401,
            "headers": {
                "content-type": "application/json",
                "cache-control": "no-store",
                "www-authenticate": "Bearer",
            },
            "body": json.dumps({"message": "Unauthorized"}),
        }


class Session(NamedTuple):
    """Somebody who has signed in."""

    subject: str
    """Who it is: what `on_sign_in` said, or the provider and its name for the person."""
    properties: dict[str, Any]
    """What else `on_sign_in` said. Signed, not encrypted: who has the session can read it."""
    issued_at: int
    expires_at: int

    @classmethod
    def create(
        cls,
        subject: str,
        properties: Mapping[str, Any] | None = None,
        *,
        expires_in: float | None = None,
        auth: str | None = None,
    ) -> str:
        """Return the token of a new session.

        Args:
            subject: Who it is.
            properties: What else functions should know, as JSON has it.
            expires_in: Seconds; by default what the construct says, and never longer than that.
            auth: The construct's id, when the function has several.

        Raises:
            CannotSign: The function is not the authenticator, and was not let make sessions.
        """
        settings = settings_of(auth)
        # A key is checked against for as long as the construct says; a session beyond that would end without notice.
        seconds = min(
            settings.session_seconds, settings.session_seconds if expires_in is None else expires_in
        )
        claims = {"sub": subject, "iss": settings.name, "properties": dict(properties or {})}
        return sign(settings.signing.current(), SESSION, claims, seconds)

    @classmethod
    def verify(cls, event: Mapping[str, Any] | str, *, auth: str | None = None) -> Session:
        """Return the session of a request.

        Args:
            event: What an API handed to the function, or a token.
            auth: The construct's id, when the function has several.

        Raises:
            NotSignedIn: There is none, or it is not good.
        """
        settings = settings_of(auth)
        token = event if isinstance(event, str) else _token(event, settings)
        if not token:
            raise NotSignedIn("the request has no session")
        try:
            claims = read(settings.keyring, SESSION, token)
        except InvalidToken as error:
            raise NotSignedIn(f"the session is not good: {error}") from error
        if claims.get("iss") != settings.name:
            raise NotSignedIn("the session is of another Auth")
        return cls(claims["sub"], claims["properties"], claims["iat"], claims["exp"])

    @classmethod
    def find(cls, event: Mapping[str, Any], *, auth: str | None = None) -> Session | None:
        """Return the session of a request, or None when nobody has signed in."""
        try:
            return cls.verify(event, auth=auth)
        except NotSignedIn:
            return None


def signed_in(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Answer 401 to requests without a session; hand the session of others to the handler.

    Example:
        >>> @signed_in
        ... def me(event, context, session):
        ...     return {"subject": session.subject}
    """

    @functools.wraps(handler)
    def checked(event: Mapping[str, Any], context: Any) -> Any:
        try:
            session = Session.verify(event)
        except NotSignedIn as error:
            return error.response()
        return handler(event, context, session)

    return checked


def _token(event: Mapping[str, Any], settings: Settings) -> str | None:
    scheme, _, token = headers_of(event).get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        # Whoever sends one means it: a cookie must not stand in for a bad one.
        return token.strip()
    return cookies_of(event).get(settings.session_cookie) or _token_of_a_web_socket(event)


def _token_of_a_web_socket(event: Mapping[str, Any]) -> str | None:
    # Browsers let pages send nothing else to a WebSocket on another host: `new WebSocket(url, ["session", token])`.
    offered = [one.strip() for one in headers_of(event).get("sec-websocket-protocol", "").split(",")]
    return offered[1] if len(offered) > 1 and offered[0] == WEB_SOCKET_PROTOCOL else None
