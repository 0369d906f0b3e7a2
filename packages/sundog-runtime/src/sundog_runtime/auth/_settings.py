"""What the `Auth` construct tells the functions that it is bound to."""

from __future__ import annotations

import functools
import json
import os
import re
from typing import Any
from urllib.parse import urlsplit

from sundog_runtime._resources import PREFIX
from sundog_runtime.auth._errors import SignInError
from sundog_runtime.auth._keys import Keyring, parameter_fetcher

SIGNER_PREFIX = "SUNDOG_AUTH_SIGNER_"
"""With the name of an `Auth`: the parameter with its private keys, in functions that may make sessions."""
_PORTS = {"http": 80, "https": 443}


class AuthNotBound(LookupError):
    """No `Auth` is bound to the function, or there are several and none was named."""


class CannotSign(PermissionError):
    """A function that can only check sessions wants to make one."""


class Settings:
    """One `Auth` of the app."""

    def __init__(self, values: dict[str, Any]) -> None:
        """Take the values of the binding."""
        self.name: str = values["name"]
        self.url: str = values["url"].rstrip("/")
        """Address of the API, without a slash at the end. From the deploy, never from a request's own headers."""
        self.prefix: str = values["prefix"]
        self.session_seconds: int = values["session_seconds"]
        self.table: str = values["table"]
        self.keyring = Keyring(parameter_fetcher(values["public_keys"]))
        """The public keys, to check sessions with."""
        self._signing: Keyring | None = None
        self.origins = frozenset(filter(None, map(origin_of, [self.url, *values["redirects"]])))

    @property
    def signing(self) -> Keyring:
        """The private keys, to make sessions with.

        Raises:
            CannotSign: The function has not been let.
        """
        if self._signing is None:
            parameter = os.environ.get(SIGNER_PREFIX + re.sub(r"[^A-Z0-9]", "_", self.name.upper()))
            if parameter is None:
                raise CannotSign(
                    f"only the authenticator of the Auth `{self.name}` makes sessions, and this function is another; "
                    f'let it: `permissions=[({self.name}, "grant_signing")]` in `app.py`'
                )
            self._signing = Keyring(parameter_fetcher(parameter))
        return self._signing

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach the API over TLS: they do, except on a developer's machine."""
        return self.url.startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the cookie that carries the session."""
        return self.cookie("session")

    def cookie(self, what: str) -> str:
        """Return a cookie's name. Browsers take `__Host-` only over TLS, from this very host, for all of its paths."""
        return f"{'__Host-' if self.is_secure else ''}{self.name}-{what}"

    def address(self, *parts: str) -> str:
        """Return the address of a route of the authenticator."""
        return "/".join([f"{self.url}{self.prefix}", *parts])

    def redirect(self, wanted: str | None) -> str:
        """Return the address to go to after a sign-in.

        Args:
            wanted: A path of the API, or an address whose origin the construct's `redirects` has.

        Raises:
            SignInError: It leads elsewhere.
        """
        target = wanted or "/"
        refused = SignInError(
            "`redirect` must be a path, or an address of one of the app's own sites", code="invalid_redirect"
        )
        # What browsers read otherwise than urlsplit does: backslashes, and characters that they drop.
        if "\\" in target or any(ord(character) <= 32 or ord(character) == 127 for character in target):
            raise refused
        if target.startswith("/") and not target.startswith("//"):
            return f"{self.url}{target}"
        if origin_of(target) not in self.origins:
            raise refused
        return target


def origin_of(address: str) -> str | None:
    """Return scheme, host and port of an address, as browsers compare them; None for anything else."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{parts.hostname}:{port or _PORTS[parts.scheme]}"


def settings_of(name: str | None = None) -> Settings:
    """Return the `Auth` that is bound to the function.

    Args:
        name: Its id in `app.py`; not needed when only one is bound.

    Raises:
        AuthNotBound: There is none, or which one is meant is not clear.
    """
    bound = []
    for variable, text in os.environ.items():
        if variable.startswith(PREFIX) and '"Auth"' in text:
            values = json.loads(text)
            if values["kind"] == "Auth" and name in (None, values["name"]):
                bound.append(text)
    if len(bound) != 1:
        what = f"the Auth `{name}`" if name else "an Auth"
        raise AuthNotBound(
            "several Auths are bound to this function: name one, `auth=…`"
            if bound
            else f"{what} is not bound to this function; add `bind=[{name or 'auth'}]` to it in `app.py`, or give it a route"
            " of the Auth's API"
        )
    return _read(bound[0])


@functools.lru_cache(maxsize=8)
def _read(text: str) -> Settings:
    # One for each text: the keys that it has fetched stay.
    return Settings(json.loads(text))
