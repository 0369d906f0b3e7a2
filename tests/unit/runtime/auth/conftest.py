"""What tests of sign-in share: real keys, made as a deploy makes them, and an `Auth` as a function is given it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sundog_runtime.auth._keys import Key, Keyring
from sundog_runtime.auth._settings import Settings

from sundog.aws.provided import auth_keys

VALUES: dict[str, Any] = {
    "kind": "Auth",
    "name": "auth",
    "url": "https://api.example.com",
    "prefix": "/auth",
    "redirects": ["https://app.example.com", "http://localhost:5173/"],
    "session_seconds": 3600,
    "public_keys": "/sundog/notes/prod/auth/auth/public",
    "table": "used-once",
}


@pytest.fixture(scope="session")
def made_key() -> dict[str, Any]:
    """A key as it is kept; looking for its primes takes a second."""
    return auth_keys.made(1, 0)


@pytest.fixture(scope="session")
def another_key() -> dict[str, Any]:
    return auth_keys.made(1, 0)


@pytest.fixture
def stored(made_key: dict[str, Any]) -> Callable[..., list[dict[str, Any]]]:
    """Keys that differ in their ids and ages, as the private parameter has them, the newest first."""
    return lambda *ids, made_at=0: [{**made_key, "id": one, "made_at": made_at} for one in ids]


@pytest.fixture
def private(stored: Callable[..., list[dict[str, Any]]]) -> Keyring:
    return Keyring(lambda: json.dumps({"keys": stored("new", "old")}))


@pytest.fixture
def public(stored: Callable[..., list[dict[str, Any]]]) -> Keyring:
    return Keyring(lambda: json.dumps({"keys": auth_keys.shown(stored("new", "old"), [])}))


@pytest.fixture
def key(private: Keyring) -> Callable[[str], Key]:
    """A private key with another id."""
    return lambda name: private.current()._replace(id=name)


@pytest.fixture
def settings(private: Keyring, public: Keyring) -> Settings:
    made = Settings(VALUES)
    made.keyring, made._signing = public, private
    return made
