"""Keys: how they are made and left out, when they sign, and for how long they are kept."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from sundog_runtime.auth._encoding import unbase64url
from sundog_runtime.auth._keys import KEPT_SECONDS, SETTLED_SECONDS, Keyring

from sundog.aws.provided import auth_keys

Stored = Callable[..., list[dict[str, Any]]]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_made_key_is_one_of_rsa(made_key: dict[str, Any]) -> None:
    n, e, d, p, q, dp, dq, qi = (
        int.from_bytes(unbase64url(made_key["jwk"][part]), "big")
        for part in ("n", "e", "d", "p", "q", "dp", "dq", "qi")
    )

    assert (n, n.bit_length(), e) == (p * q, 2048, 65537)
    assert auth_keys.is_prime(p)
    assert auth_keys.is_prime(q)
    assert e * d % math.lcm(p - 1, q - 1) == 1
    assert (dp, dq, qi * q % p) == (d % (p - 1), d % (q - 1), 1)
    assert len(json.dumps({"keys": [made_key, made_key]})) < 4096, "a parameter holds 4 KB"


@pytest.mark.parametrize("number", [561, 1729, 3215031751, (1 << 127) - 3, 2047 * 4095])
def test_what_only_looks_like_a_prime_is_none(number: int) -> None:
    """Carmichael numbers and strong pseudoprimes among them."""
    assert not auth_keys.is_prime(number)
    assert auth_keys.is_prime((1 << 127) - 1)


def test_what_is_shown_of_a_key_has_nothing_private(stored: Stored) -> None:
    shown = auth_keys.shown(stored("new"), stored("old"))[:1]

    assert set(shown[0]) == {"id", "version", "made_at", "jwk"}
    assert set(shown[0]["jwk"]) == {"kty", "n", "e"}


def test_a_key_knows_when_the_next_was_made(stored: Stored) -> None:
    shown = auth_keys.shown(stored("new", made_at=30), auth_keys.shown(stored("old", made_at=20), []))

    assert [(key["id"], key.get("next")) for key in shown] == [("new", None), ("old", 30)]


def test_a_key_is_shown_until_its_last_session_has_expired() -> None:
    keys = [
        {"id": "signing", "version": 4, "made_at": 900},
        {"id": "before", "version": 3, "made_at": 500, "next": 900},
        {"id": "expired", "version": 2, "made_at": 100, "next": 500},
    ]

    def ids(oldest: int, signed_until: int) -> list[str]:
        return [key["id"] for key in auth_keys.kept(keys, oldest, signed_until)]

    assert ids(1, 499) == ["signing", "before", "expired"]
    assert ids(1, 500) == ["signing", "before"]
    assert ids(1, 5000) == ["signing"]
    assert ids(4, 0) == ["signing"]
    assert len(auth_keys.kept([keys[0]] * 20, 1, 0)) == 8


def test_an_unknown_key_is_asked_for_but_not_for_every_forged_token(stored: Stored) -> None:
    clock, asked = Clock(), []
    kept = ["one"]

    def fetch_keys() -> str:
        asked.append(clock.now)
        return json.dumps({"keys": stored(*kept)})

    keyring = Keyring(fetch_keys, clock)
    assert keyring.current().id == "one"
    kept.insert(0, "two")
    assert keyring.find("two") is None
    clock.now += 31
    assert (keyring.find("two") or keyring.current()).id == "two"
    assert [keyring.find("forged") for _ in range(50)] == [None] * 50
    assert len(asked) == 2


def test_a_new_key_signs_when_every_function_has_heard_of_it(stored: Stored) -> None:
    clock = Clock()
    value = stored("old")
    first = Keyring(lambda: json.dumps({"keys": value}), clock)
    assert first.current().id == "old"

    value = [*stored("new", made_at=clock.now), *value]
    clock.now += SETTLED_SECONDS - 1
    assert [key.id for key in (first.current(), first.find("new") or first.current())] == ["old", "new"]
    clock.now += 1
    assert first.current().id == "new"


def test_keys_outlive_a_failure_of_systems_manager(stored: Stored, caplog: pytest.LogCaptureFixture) -> None:
    clock, works = Clock(), [True]

    def fetch_keys() -> str:
        if not works[0]:
            raise OSError("down")
        return json.dumps({"keys": stored("one")})

    keyring = Keyring(fetch_keys, clock)
    keyring.current()
    works[0] = False
    clock.now += KEPT_SECONDS + 1

    assert keyring.current().id == "one"
    assert "could not be fetched again: down" in caplog.text
    with pytest.raises(OSError, match="down"):
        Keyring(fetch_keys, clock).current()
