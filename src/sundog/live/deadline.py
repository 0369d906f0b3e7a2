"""A timeout whose clock can stand still while a debugger is paused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

Clock = Callable[[], float]


class Deadline:
    """Counts time on a clock that nobody can move, except while paused.

    Pauses nest: two debuggers that pause the same invocation must both resume it.
    """

    def __init__(self, seconds: float, *, clock: Clock = time.monotonic) -> None:
        """Start to count."""
        self.seconds = seconds
        self._clock = clock
        self._spent = 0.0
        self._since: float | None = clock()
        self._pauses = 0
        self._changed = asyncio.Event()

    @property
    def elapsed(self) -> float:
        """Seconds that count."""
        running = 0.0 if self._since is None else self._clock() - self._since
        return self._spent + running

    @property
    def remaining(self) -> float:
        """Seconds left, zero when expired."""
        return max(0.0, self.seconds - self.elapsed)

    @property
    def paused(self) -> bool:
        """Whether the clock stands still."""
        return self._pauses > 0

    def pause(self) -> None:
        """Stop the clock."""
        self._pauses += 1
        if self._since is not None:
            self._spent = self.elapsed
            self._since = None
            self._changed.set()

    def resume(self) -> None:
        """Let the clock go on once everyone who paused it has resumed."""
        self._pauses = max(0, self._pauses - 1)
        if self._pauses == 0 and self._since is None:
            self._since = self._clock()
            self._changed.set()

    async def expired(self) -> None:
        """Return when the time is over."""
        while self.paused or self.remaining > 0:
            self._changed.clear()
            wait = None if self.paused else self.remaining
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                continue
