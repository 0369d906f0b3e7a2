"""RSA signatures: RS256, with whole numbers of Python and nothing else.

Checking needs no secret, so its timing tells nothing. The padding is built and compared as a whole, not taken apart: what
accepts sloppy padding accepts forged signatures.

Signing has secrets, and Python's `pow` takes a time that depends on them. So neither the number nor the exponent that it
is given is ever the same twice, and neither is known: both are blinded with fresh random numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from typing import TYPE_CHECKING, Any

from sundog_runtime.auth._encoding import unbase64url

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_SHORTEST_BYTES = 256
_BLINDING_BITS = 64


def is_signed(signed: str, signature: bytes, key: Mapping[str, Any]) -> bool:
    """Whether the owner of a key signed a text: RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 section 8.2.2.

    Args:
        signed: Header and body of the token.
        signature: The signature.
        key: The public key, as a JWK.
    """
    modulus, exponent = _number(key, "n"), _number(key, "e")
    length = (modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature, "big")
    if length < _SHORTEST_BYTES or exponent < 3 or len(signature) != length or number >= modulus:
        return False
    found = pow(number, exponent, modulus).to_bytes(length, "big")
    return hmac.compare_digest(found, _padded(signed, length))


def signature_of(signed: str, key: Mapping[str, Any]) -> bytes:
    """Sign a text: RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 section 8.2.1.

    Args:
        signed: Header and body of the token.
        key: The private key, as a JWK.
    """
    modulus, exponent, p, q = (_number(key, part) for part in ("n", "e", "p", "q"))
    length = (modulus.bit_length() + 7) // 8
    message = int.from_bytes(_padded(signed, length), "big")
    blinding = _blinding(modulus)
    blinded = message * pow(blinding, exponent, modulus) % modulus
    # Each prime for itself, which takes a quarter of the time; multiples of p - 1 change nothing but the exponent.
    by_p, by_q = (
        pow(blinded % prime, _number(key, part) + secrets.randbits(_BLINDING_BITS) * (prime - 1), prime)
        for prime, part in ((p, "dp"), (q, "dq"))
    )
    root = by_q + q * (_number(key, "qi") * (by_p - by_q) % p)
    signature = root * pow(blinding, -1, modulus) % modulus
    if pow(signature, exponent, modulus) != message:
        # A signature that is wrong modulo one of the primes gives the other away.
        raise ArithmeticError("the signature came out wrong")
    return signature.to_bytes(length, "big")


def _blinding(modulus: int) -> int:
    while True:
        found = 2 + secrets.randbelow(modulus - 2)
        if math.gcd(found, modulus) == 1:
            return found


def _padded(signed: str, length: int) -> bytes:
    digest = _SHA256 + hashlib.sha256(signed.encode()).digest()
    return b"\x00\x01" + b"\xff" * (length - len(digest) - 3) + b"\x00" + digest


def _number(key: Mapping[str, Any], part: str) -> int:
    return int.from_bytes(unbase64url(key[part]), "big")
