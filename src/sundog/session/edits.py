"""Edits that may concern the infrastructure, from when the watcher tells of them until a synth has seen them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.abc

PATIENCE_SECONDS = 10.0
"""A synth that takes longer may never end: an edit of the app stops it.

A shorter one is left to end: stopping it costs the warm process, and with it more time than is won.
"""

Result = TypeVar("Result")


class Edits:
    """Edits that may concern the infrastructure, collected while a synth or a deploy is under way."""

    def __init__(self, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        """Begin with none.

        Args:
            patience_seconds: For how long no edit stops a synth.
        """
        self._patience_seconds = patience_seconds
        self._waiting: list[Path] = []
        self._restarted = False
        self._wrong = False
        self._arrived = anyio.Event()
        self._more = anyio.Event()

    def add(self, paths: Sequence[Path]) -> None:
        """Note what changed."""
        self._waiting.extend(paths)
        self._arrived.set()
        self._more.set()
        self._more = anyio.Event()

    def cloud_was_restarted(self) -> None:
        """Ask for a deploy whatever changed: what came after the last snapshot is not there any more."""
        self._restarted = True
        self._arrived.set()

    def last_synth_was_wrong(self) -> None:
        """Ask for a synth whatever changed."""
        self._wrong = True
        self._arrived.set()

    async def next_concerning(
        self, first_of: Callable[[Sequence[Path]], Awaitable[Path | None]]
    ) -> str | None:
        """Wait for an edit of something that synth read, and name it or another reason; None when the cloud was started again.

        Args:
            first_of: Returns the first of some files that concerns.
        """
        while True:
            await self._arrived.wait()
            if self._restarted:
                self._restarted = False
                return None
            if self._wrong:
                self._wrong = False
                return "a wrong synth"
            self._arrived = anyio.Event()
            paths, self._waiting = self._waiting, []
            concerning = await first_of(paths)
            if concerning is not None:
                return concerning.name

    async def unless_edited_again(
        self, names: Collection[str], work: Callable[[], Awaitable[Result]]
    ) -> Result:
        """Return what the work does; stop it and begin anew when it takes long and one of the files was edited meanwhile.

        Args:
            names: Of the files whose edit may be what mends an app that waits or loops.
            work: A synth.
        """
        while True:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._stop_when_edited, names, len(self._waiting), tasks)
                result = await work()
                tasks.cancel_scope.cancel()
                return result

    async def _stop_when_edited(self, names: Collection[str], known: int, tasks: anyio.abc.TaskGroup) -> None:
        await anyio.sleep(self._patience_seconds)
        while not any(path.name in names for path in self._waiting[known:]):
            await self._more.wait()
        tasks.cancel_scope.cancel()
