"""Stops the timeouts of an environment while its process is paused in a debugger."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

from sundog.live.deadline import Deadline

Attachment: TypeAlias = Literal["attached", "left"]
"""What an editor did."""

DeadlinesOf = Callable[[int], Iterable[Deadline]]
"""Returns the deadlines that count for a process, by process id."""


class PauseClock:
    """Pairs every pause with one resumption of the same deadlines."""

    def __init__(self, deadlines_of: DeadlinesOf) -> None:
        """Take what knows the deadlines."""
        self._deadlines_of = deadlines_of
        self._paused: dict[int, list[Deadline]] = {}

    def pause(self, process_id: int) -> None:
        """Note that a process has stopped at a breakpoint."""
        if process_id in self._paused:
            return
        self._paused[process_id] = list(self._deadlines_of(process_id))
        for deadline in self._paused[process_id]:
            deadline.pause()

    def resume(self, process_id: int) -> None:
        """Note that it runs on, or that nobody debugs it any more."""
        for deadline in self._paused.pop(process_id, ()):
            deadline.resume()

    @property
    def paused(self) -> frozenset[int]:
        """Process ids that are paused now."""
        return frozenset(self._paused)
