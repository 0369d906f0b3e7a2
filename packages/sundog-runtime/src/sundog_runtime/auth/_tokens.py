"""Signed tokens: JSON Web Tokens, each for one purpose, and each purpose with one algorithm.

Sessions are signed with RS256: many functions check them with the public key, one makes them with the private one. What only
the authenticator reads again, a link or the state of a sign-in, is signed with HMAC-SHA256 and a secret that nobody else has:
anybody may ask for those, and nobody is to get signatures of the sessions' key for the asking.

A token cannot choose: who reads it knows the purpose, and with it the algorithm. Another in its header is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._encoding import base64url, decoded, encoded, unbase64url
from sundog_runtime.auth._errors import InvalidToken
from sundog_runtime.auth._rsa import is_signed, signature_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sundog_runtime.auth._keys import Key, Keyring

SESSION = "session"
_LONGEST = 8192
_SKEW_SECONDS = 60
"""How much the clocks of two machines may differ."""


def sign(key: Key, purpose: str, claims: Mapping[str, Any], seconds: float) -> str:
    """Return a token.

    Args:
        key: The key to sign with, a private one.
        purpose: What the token is for; only who reads it for the same accepts it.
        claims: What it says, readable by everybody who has it.
        seconds: How long it is good for.
    """
    now = int(time.time())
    header = encoded({"alg": _algorithm(purpose), "kid": key.id, "typ": "JWT"})
    body = encoded({**claims, "aud": purpose, "iat": now, "exp": now + int(seconds)})
    signed = f"{header}.{body}"
    signature = signature_of(signed, key.jwk) if purpose == SESSION else _code(key, purpose, signed)
    return f"{signed}.{base64url(signature)}"


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
    if header.get("alg") != _algorithm(purpose) or not isinstance(header.get("kid"), str):
        raise InvalidToken("it is signed in another way")
    key = keyring.find(header["kid"])
    if key is None:
        raise InvalidToken("it is signed with a key that is not or no longer used")
    # Signature first: nothing of an unsigned body is looked at.
    if not _is_good(key, purpose, f"{parts[0]}.{parts[1]}", unbase64url(parts[2])):
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


def _algorithm(purpose: str) -> str:
    return "RS256" if purpose == SESSION else "HS256"


def _is_good(key: Key, purpose: str, signed: str, signature: bytes) -> bool:
    if purpose == SESSION:
        return is_signed(signed, signature, key.jwk)
    return hmac.compare_digest(_code(key, purpose, signed), signature)


def _code(key: Key, purpose: str, signed: str) -> bytes:
    """Return the authentication code of a token that its maker alone reads, with a key for its purpose."""
    own = hmac.new(key.secret, b"sundog_runtime.auth " + purpose.encode(), hashlib.sha256).digest()
    return hmac.new(own, signed.encode(), hashlib.sha256).digest()
