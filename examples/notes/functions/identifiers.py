"""Identifiers of notes: like ULIDs, they sort by the time they were made."""

import secrets
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
LENGTH = 26


def new_identifier() -> str:
    """48 bits of milliseconds, then 80 bits of randomness."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def is_identifier(text: str) -> bool:
    return len(text) == LENGTH and set(text) <= set(_ALPHABET)
