"""How tokens and keys write bytes and objects."""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._errors import InvalidToken

if TYPE_CHECKING:
    from collections.abc import Mapping


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


def encoded(part: Mapping[str, Any]) -> str:
    """Return a part of a token that holds an object."""
    return base64url(json.dumps(part, separators=(",", ":")).encode())


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
