"""Signed tokens: JSON Web Tokens with HMAC-SHA256, each for one purpose.

The algorithm is fixed: a token that names another is refused, so nobody can choose a weaker one. Each purpose has a key
derived from the secret, so a token for a flow can never pass as a session.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._errors import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sundog_runtime.auth._keys import Key, Keyring

_LONGEST = 8192
_SKEW_SECONDS = 60
"""How much the clocks of two machines may differ."""


def sign(key: Key, purpose: str, claims: Mapping[str, Any], seconds: float) -> str:
    """Return a token.

    Args:
        key: The key to sign with.
        purpose: What the token is for; only who reads it for the same accepts it.
        claims: What it says, readable by everybody who has it.
        seconds: How long it is good for.
    """
    now = int(time.time())
    header = _encoded({"alg": "HS256", "kid": key.id, "typ": "JWT"})
    body = _encoded({**claims, "aud": purpose, "iat": now, "exp": now + int(seconds)})
    signed = f"{header}.{body}"
    return f"{signed}.{base64url(_signature(key, purpose, signed))}"


def read(
    keyring: Keyring, purpose: str, token: str, clock: Callable[[], float] = time.time
) -> dict[str, Any]:
    """Return what a token says.

    Raises:
        InvalidToken: It was not made here for this purpose, was changed, or is too old.
    """
    parts = token.split(".") if len(token) <= _LONGEST else []
    if len(parts) != 3:
        raise InvalidToken("it is no token")
    header = decoded(parts[0])
    if header.get("alg") != "HS256" or not isinstance(header.get("kid"), str):
        raise InvalidToken("it is signed in another way")
    key = keyring.find(header["kid"])
    if key is None:
        raise InvalidToken("it is signed with a key that is no longer used")
    # Signature first: nothing of an unsigned body is looked at.
    if not hmac.compare_digest(_signature(key, purpose, f"{parts[0]}.{parts[1]}"), unbase64url(parts[2])):
        raise InvalidToken("it was changed, or is for something else")
    claims = decoded(parts[1])
    now = clock()
    if claims.get("aud") != purpose:
        raise InvalidToken("it is for something else")
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= now:
        raise InvalidToken("it has expired")
    if not isinstance(claims.get("iat"), int) or claims["iat"] > now + _SKEW_SECONDS:
        raise InvalidToken("it is from the future")
    return claims


def base64url(content: bytes) -> str:
    """Encode as tokens do."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def unbase64url(text: str) -> bytes:
    """Decode what tokens carry.

    Raises:
        InvalidToken: It is not encoded so.
    """
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidToken("it is not encoded as a token is") from error


def decoded(part: str) -> dict[str, Any]:
    """Return the object that a part of a token holds.

    Raises:
        InvalidToken: It holds none.
    """
    try:
        found = json.loads(unbase64url(part))
    except ValueError as error:
        raise InvalidToken("a part of it is no JSON") from error
    if not isinstance(found, dict):
        raise InvalidToken("a part of it is no object")
    return found


def _encoded(part: Mapping[str, Any]) -> str:
    return base64url(json.dumps(part, separators=(",", ":")).encode())


def _signature(key: Key, purpose: str, signed: str) -> bytes:
    own = hmac.new(key.secret, b"sundog_runtime.auth " + purpose.encode(), hashlib.sha256).digest()
    return hmac.new(own, signed.encode(), hashlib.sha256).digest()
