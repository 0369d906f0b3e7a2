"""Sign-in without a password: a link by e-mail, which is good once and for a short time."""

from __future__ import annotations

import html
import re
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from sundog_runtime.auth._errors import InvalidToken, SignInError
from sundog_runtime.auth._identity import Identity
from sundog_runtime.auth._oauth import Finished
from sundog_runtime.auth._once import use_once
from sundog_runtime.auth._requests import answer, json_answer
from sundog_runtime.auth._settings import origin_of
from sundog_runtime.auth._tokens import read, sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from sundog_runtime.auth._requests import Request
    from sundog_runtime.auth._settings import Settings

_PURPOSE = "link"
_ADDRESS = re.compile(
    r"[^@\s\x00-\x1f\x7f<>,;:\"\\()\[\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>body{{font:1.1rem system-ui,sans-serif;display:grid;place-items:center;min-height:90vh}}button{{font:inherit;padding:.6em 1.4em}}</style>
<form method="post"><p>{title} as <strong>{email}</strong></p>
<input type="hidden" name="token" value="{token}"><button>{title}</button></form></html>
"""


class MagicLink:
    """Sign-in with a link that is sent by e-mail.

    The link opens a page with a button: programs that look at links in mails do not use it up. Nobody is told whether an
    address has an account.

    Args:
        send: Sends a mail; it is given the address and the link.
        expires_in: Seconds for which the link is good.
        title: What the button says.

    Example:
        >>> MagicLink(send=lambda address, link: ses.send_email(…))
    """

    form_post = False

    def __init__(
        self, *, send: Callable[[str, str], object], expires_in: int = 900, title: str = "Sign in"
    ) -> None:
        self._send = send
        self._expires_in = expires_in
        self._title = title

    def start(self, request: Request, settings: Settings, name: str) -> dict[str, Any]:
        """Send a link to the address in the form."""
        if request.method != "POST":
            raise SignInError("send the address with POST", status=405)
        _refuse_other_sites(request, settings.origins)
        form = request.form()
        address = form.get("email", "").strip()
        if not _ADDRESS.fullmatch(address):
            raise SignInError("`email` is not an address", code="invalid_email")
        local, _, domain = address.rpartition("@")
        claims = {
            "provider": name,
            "email": f"{local}@{domain.lower()}",
            "redirect": settings.redirect(form.get("redirect")),
            "id": secrets.token_urlsafe(16),
        }
        token = sign(settings.signing.current(), _PURPOSE, claims, self._expires_in)
        self._send(claims["email"], f"{settings.address(name, 'callback')}?{urlencode({'token': token})}")
        return json_answer(202, {"sent": True})

    def page(self, request: Request, settings: Settings, name: str) -> dict[str, Any]:
        """Return the page with the button."""
        token = request.query.get("token", "")
        claims = self._read(settings, name, token)
        shown = {"title": self._title, "email": claims["email"], "token": token}
        body = _PAGE.format(**{key: html.escape(value) for key, value in shown.items()})
        # Browsers also hold the redirect that answers the form to `form-action`.
        targets = f"'self' {origin_of(claims['redirect'])}"
        policy = (
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
            f"form-action {targets}"
        )
        return answer(200, body, kind="text/html", policy=policy)

    def finish(self, request: Request, settings: Settings, name: str) -> Finished:
        """Take the press of the button.

        Raises:
            SignInError: The link is not good any more, or another site pressed it.
        """
        _refuse_other_sites(request, frozenset({origin_of(settings.url)}))
        claims = self._read(settings, name, request.form().get("token", ""))
        if not use_once(settings.table, f"link {claims['id']}", claims["exp"]):
            raise SignInError("this link was used before; ask for another", code="used_before")
        email = claims["email"]
        identity = Identity(
            provider=name, subject=email, email=email, email_verified=True, claims={"email": email}, tokens={}
        )
        return Finished(identity, claims["redirect"], [])

    def _read(self, settings: Settings, name: str, token: str) -> dict[str, Any]:
        refused = SignInError("this link is not good any more; ask for another", code="invalid_link")
        try:
            claims = read(settings.signing, _PURPOSE, token)
        except InvalidToken as error:
            raise refused from error
        if claims["provider"] != name:
            raise refused
        return claims


def _refuse_other_sites(request: Request, own: frozenset[str | None]) -> None:
    # Browsers name the site that a POST comes from; programs that are no browsers carry nobody's cookies.
    origin = request.headers.get("origin")
    if origin is not None and origin_of(origin) not in own:
        raise SignInError("this must come from the app's own pages", code="invalid_origin", status=403)
