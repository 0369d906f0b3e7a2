"""Signatures of ID tokens: RS256, with the public key only.

Checking needs no secret, so its timing tells nothing. The padding is built and compared as a whole, not taken apart: what
accepts sloppy padding accepts forged signatures.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._tokens import unbase64url

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SHORTEST_BYTES = 256


def is_signed(signed: str, signature: bytes, key: Mapping[str, Any]) -> bool:
    """Whether the owner of a key signed a text: RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 section 8.2.2.

    Args:
        signed: Header and body of the token.
        signature: The signature.
        key: The public key, as a JWK.
    """
    modulus = int.from_bytes(unbase64url(key["n"]), "big")
    exponent = int.from_bytes(unbase64url(key["e"]), "big")
    length = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if length < _SHORTEST_BYTES or exponent < 3 or len(signature) != length or number >= modulus:
        return False
    digest = _SHA256 + hashlib.sha256(signed.encode()).digest()
    expected = b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest
    return hmac.compare_digest(pow(number, exponent, modulus).to_bytes(length, "big"), expected)
