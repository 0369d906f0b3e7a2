"""RSA: signatures that others take and make, and forged ones."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import Any

import pytest
from sundog_runtime.auth import _rsa
from sundog_runtime.auth._encoding import base64url, unbase64url
from sundog_runtime.auth._rsa import is_signed, signature_of

from sundog.bundle.node import node_binary

NODE = """
import { createPrivateKey, sign, verify } from "node:crypto";
const [jwk, text, signature] = JSON.parse(process.argv[1]);
const key = createPrivateKey({ key: jwk, format: "jwk" });
console.log(JSON.stringify([
  verify("RSA-SHA256", Buffer.from(text), key, Buffer.from(signature, "base64url")),
  sign("RSA-SHA256", Buffer.from(text), key).toString("base64url"),
]));
"""


def test_openssl_takes_our_key_and_signs_the_same(made_key: dict[str, Any]) -> None:
    ours = signature_of("signed", made_key["jwk"])
    argument = json.dumps([made_key["jwk"], "signed", base64url(ours)])
    told = subprocess.run(
        [node_binary(), "--input-type=module", "-e", NODE, argument],
        capture_output=True,
        text=True,
        check=True,
    )
    is_good, theirs = json.loads(told.stdout)

    assert is_good
    assert unbase64url(theirs) == ours, "the scheme has no randomness"
    assert is_signed("signed", ours, made_key["jwk"])


def test_a_text_is_signed_with_other_numbers_each_time(
    made_key: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `pow` is given says nothing of the key to who measures its time."""
    given: list[tuple[int, ...]] = []

    def watched(*numbers: int) -> int:
        given.append(numbers)
        return pow(*numbers)

    monkeypatch.setattr(_rsa, "pow", watched, raising=False)
    first, second = signature_of("signed", made_key["jwk"]), signature_of("signed", made_key["jwk"])

    secret = [numbers for numbers in given if numbers[1] > 65537]
    assert first == second
    assert len({numbers[0] for numbers in secret}) == len({numbers[1] for numbers in secret}) == 4


def test_a_signature_that_came_out_wrong_is_not_given_away(made_key: dict[str, Any]) -> None:
    """One fault in half of the calculation, and the greatest common divisor with the modulus is a prime of the key."""
    broken = {**made_key["jwk"], "dp": base64url(b"\x05" * 128)}

    with pytest.raises(ArithmeticError):
        signature_of("signed", broken)


@pytest.mark.parametrize(
    "change",
    [
        lambda good: b"\x00" + good,
        lambda good: good[:-1],
        lambda good: bytes([good[0] ^ 1]) + good[1:],
        lambda good: b"",
    ],
)
def test_a_changed_signature_is_refused(made_key: dict[str, Any], change: Any) -> None:
    good = signature_of("signed", made_key["jwk"])

    assert not is_signed("signed", change(good), made_key["jwk"])
    assert not is_signed("Signed", good, made_key["jwk"])


# A key that verifies anything that ends right, were the padding taken apart instead of compared: cube roots forge it.
_MODULUS = (1 << 2047) + 981
_KEY = {"n": base64url(_MODULUS.to_bytes(256, "big")), "e": base64url(b"\x03")}


def test_a_forged_signature_with_short_padding_is_refused() -> None:
    digest = bytes.fromhex("3031300d060960864801650304020105000420") + hashlib.sha256(b"signed").digest()
    prefix = int.from_bytes(b"\x00\x01\xff\x00" + digest + b"\x00" * (256 - 4 - len(digest)), "big")
    low, high = 0, 1 << 700
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < prefix else (low, middle)
    forged = low.to_bytes(256, "big")

    # What a lax reader would accept begins with the right padding and hash, and has garbage behind them.
    assert (low**3).to_bytes(256, "big")[: 4 + len(digest)] == b"\x00\x01\xff\x00" + digest
    assert not is_signed("signed", forged, _KEY)
    assert not is_signed("signed", forged[1:], _KEY)
    assert not is_signed("signed", b"\xff" * 256, _KEY)
    assert not is_signed("signed", forged[:128], {**_KEY, "n": base64url(b"\xff" * 128)})
