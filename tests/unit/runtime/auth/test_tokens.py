"""Tokens: what is signed with which algorithm, and what changed, old and forged ones get."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from sundog_runtime.auth._encoding import base64url
from sundog_runtime.auth._errors import InvalidToken
from sundog_runtime.auth._keys import Key, Keyring
from sundog_runtime.auth._tokens import read, sign


def part(content: dict[str, Any]) -> str:
    return base64url(json.dumps(content).encode())


@pytest.fixture(params=["session", "flow"])
def purpose(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def reading(purpose: str, private: Keyring, public: Keyring) -> Keyring:
    """The keys that a token for this purpose is read with."""
    return public if purpose == "session" else private


def test_a_token_says_what_was_signed(private: Keyring, reading: Keyring, purpose: str) -> None:
    assert read(reading, purpose, sign(private.current(), purpose, {"sub": "ada"}, 60))["sub"] == "ada"


def test_a_token_for_something_else_is_refused(private: Keyring, public: Keyring) -> None:
    flow, link = (sign(private.current(), purpose, {"sub": "ada"}, 60) for purpose in ("flow", "link"))

    with pytest.raises(InvalidToken, match="signed in another way"):
        read(public, "session", flow)
    with pytest.raises(InvalidToken, match="for something else"):
        read(private, "link", flow)
    with pytest.raises(InvalidToken, match="signed in another way"):
        read(private, "link", sign(private.current(), "session", {}, 60))
    assert read(private, "link", link)["sub"] == "ada"


def test_a_token_expires(private: Keyring, reading: Keyring, purpose: str) -> None:
    token = sign(private.current(), purpose, {}, 60)

    with pytest.raises(InvalidToken, match="has expired"):
        read(reading, purpose, token, clock=lambda: 4e9)
    with pytest.raises(InvalidToken, match="from the future"):
        read(reading, purpose, token, clock=lambda: 1.0)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "new"},
        {"alg": "None", "kid": "new"},
        {"kid": "new"},
        {"alg": "HS512", "kid": "new"},
        {"alg": "PS256", "kid": "new"},
        {"alg": "RS256"},
        {"alg": "RS256", "kid": 7},
        {"alg": ["RS256"], "kid": "new"},
    ],
)
def test_nobody_else_chooses_the_algorithm(private: Keyring, public: Keyring, header: dict[str, Any]) -> None:
    _, body, signature = sign(private.current(), "session", {}, 60).split(".")

    for end in (signature, ""):
        with pytest.raises(InvalidToken, match="signed in another way"):
            read(public, "session", f"{part(header)}.{body}.{end}")


def test_the_public_key_is_no_secret_to_sign_with(private: Keyring, public: Keyring) -> None:
    """A reader that lets the token choose takes the public key for the secret of an HMAC, and everybody has that."""
    jwk = public.current().jwk
    _, body, _ = sign(private.current(), "session", {"sub": "mallory"}, 60).split(".")
    for secret in (json.dumps(jwk).encode(), jwk["n"].encode(), b""):
        signed = f"{part({'alg': 'HS256', 'kid': 'new'})}.{body}"
        forged = base64url(hmac.new(secret, signed.encode(), hashlib.sha256).digest())
        with pytest.raises(InvalidToken, match="signed in another way"):
            read(public, "session", f"{signed}.{forged}")
    assert public.current().secret == b""


def test_a_session_of_another_key_is_refused_whatever_it_calls_itself(
    private: Keyring, public: Keyring, another_key: dict[str, Any]
) -> None:
    foreign = private.current()._replace(jwk=another_key["jwk"])

    with pytest.raises(InvalidToken, match="it was changed"):
        read(public, "session", sign(foreign, "session", {"sub": "mallory"}, 60))
    with pytest.raises(InvalidToken, match="not or no longer used"):
        read(public, "session", sign(foreign._replace(id="mine"), "session", {"sub": "mallory"}, 60))


def test_sessions_of_a_key_before_stay_good_and_others_do_not(
    public: Keyring, key: Callable[[str], Key]
) -> None:
    assert read(public, "session", sign(key("old"), "session", {"sub": "ada"}, 60))["sub"] == "ada"
    with pytest.raises(InvalidToken, match="no longer used"):
        read(public, "session", sign(key("older"), "session", {}, 60))


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "é.é.é", "W10.W10.W10", "." * 9000, "eyJ9.e30.e30"])
def test_nonsense_is_no_token(reading: Keyring, purpose: str, token: str) -> None:
    with pytest.raises(InvalidToken):
        read(reading, purpose, token)
