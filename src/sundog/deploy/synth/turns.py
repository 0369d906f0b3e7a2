"""Whose turn it is: one synth at a time, the newest request before all others, and nothing done ahead keeps it waiting."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio

from sundog.deploy.synth.errors import SynthSuperseded

T = TypeVar("T")

PATIENCE_SECONDS = 2.0
"""What is loaded ahead has a low priority: beside other work, as in a container whose processors are busy, it may get
nowhere. A synth waits this long for it, which is what loading at the usual priority takes at best."""


class Turns:
    """The turns of one service."""

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._latest = 0
        self._waiting = 0
        self._running: anyio.CancelScope | None = None
        self._ahead: anyio.CancelScope | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether a synth waits for its turn."""
        return self._waiting > 0

    async def newest(self, synthesize: Callable[[], Awaitable[T]]) -> T:
        """Stop what an older request runs, wait for the turn, and return the result.

        Args:
            synthesize: Called when it is this request's turn.

        Raises:
            SynthSuperseded: Another request came before this one ended.
        """
        self._latest += 1
        ticket = self._latest
        if self._running is not None:
            self._running.cancel()
        await self._wait()
        try:
            if ticket == self._latest:
                with anyio.CancelScope() as self._running:
                    return await synthesize()
            raise SynthSuperseded("a newer synth took the place of this one")
        finally:
            self._running = None
            self._lock.release()

    @asynccontextmanager
    async def between(self) -> AsyncIterator[None]:
        """Keep synths waiting while the block runs."""
        async with self._lock:
            yield

    async def ahead(self, load: Callable[[], Awaitable[None]]) -> bool:
        """Do something for the next synth, inside `between`; return False when a synth came and could not wait for it."""
        with anyio.CancelScope() as self._ahead:
            if self.is_awaited:
                self._limit_ahead()
            await load()
        stopped, self._ahead = self._ahead.cancelled_caught, None
        return not stopped

    async def _wait(self) -> None:
        self._waiting += 1
        try:
            self._limit_ahead()
            await self._lock.acquire()
        finally:
            self._waiting -= 1

    def _limit_ahead(self) -> None:
        if self._ahead is not None:
            self._ahead.deadline = min(self._ahead.deadline, anyio.current_time() + PATIENCE_SECONDS)
