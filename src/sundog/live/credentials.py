"""Credentials of one function's role, fetched when first needed and again before they expire."""

from __future__ import annotations

import asyncio
import time

from sundog.model.functions import Credentials, CredentialsSource, DeployedFunction

REFRESH_SECONDS = 20 * 60
"""SDKs ask again on every call when what they got lives shorter than this."""


class RoleCredentials:
    """A cache in front of the source."""

    def __init__(self, source: CredentialsSource, function: DeployedFunction) -> None:
        """Take the source and the function whose role is meant."""
        self._source = source
        self._function = function
        self._current: Credentials | None = None
        self._lock = asyncio.Lock()

    async def fetch(self) -> Credentials:
        """Return credentials that are good for a while."""
        async with self._lock:
            current = self._current
            if current is None or current.expires_at - time.time() < REFRESH_SECONDS:
                current = self._current = await self._source(self._function)
            return current
