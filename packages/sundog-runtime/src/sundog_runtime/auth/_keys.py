"""The keys of sessions: fetched from the parameters that the `Auth` construct made, and kept for a while.

There are two parameters: one with the public keys, for whoever checks sessions, and one with the private keys, for whoever
makes them.
"""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_SECONDS = 300
"""For how long keys are kept before they are fetched again."""
SETTLED_SECONDS = 2 * KEPT_SECONDS
"""How old a key must be to sign: by then every function has heard of it, and none refuses what another made."""
_RETRY_SECONDS = 30


class Key(NamedTuple):
    """A key and the name that tokens call it by."""

    id: str
    made_at: float
    jwk: dict[str, str]
    """The RSA key: of a private one all parts, of a public one `n` and `e`."""
    secret: bytes
    """For what its owner alone reads again; empty for a public key."""


class Keyring:
    """The newest key, which signs as soon as all know it, and those before it whose tokens are still good."""

    def __init__(self, fetch: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        """Take what fetches the parameter's value; nothing is fetched yet."""
        self._fetch = fetch
        self._clock = clock
        self._keys: list[Key] = []
        self._fetched_at = 0.0
        self._lock = threading.Lock()

    def current(self) -> Key:
        """Return the key to sign with."""
        self._refresh(KEPT_SECONDS)
        settled = [key for key in self._keys if self._clock() >= key.made_at + SETTLED_SECONDS]
        return settled[0] if settled else self._keys[-1]

    def find(self, identity: str) -> Key | None:
        """Return the key of an id, or None: one that this process has not heard of may be new, so it asks again."""
        self._refresh(KEPT_SECONDS)
        if not any(key.id == identity for key in self._keys):
            self._refresh(_RETRY_SECONDS)
        return next((key for key in self._keys if key.id == identity), None)

    def _refresh(self, oldest: float) -> None:
        with self._lock:
            # The wall clock: it goes on while Lambda freezes the process.
            if self._keys and self._clock() < self._fetched_at + oldest:
                return
            try:
                found = json.loads(self._fetch())["keys"]
                self._keys = [
                    Key(one["id"], one["made_at"], one["jwk"], base64.b64decode(one.get("secret", "")))
                    for one in found
                ]
            except Exception as error:
                if not self._keys:
                    raise
                # Sessions that were good a minute ago are better than an API that fails with Systems Manager.
                logging.getLogger("sundog_runtime").warning("the keys could not be fetched again: %s", error)
            self._fetched_at = self._clock()


def parameter_fetcher(name: str) -> Callable[[], str]:
    """Return what fetches a parameter of Systems Manager."""
    made: list[Any] = []

    def fetch() -> str:
        if not made:
            from sundog_runtime._resources import _boto3, _making

            with _making:
                made.append(_boto3("sundog_runtime.auth").client("ssm"))
        value: str = made[0].get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        return value

    return fetch
