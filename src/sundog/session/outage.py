"""When to give up on a cloud that keeps ending."""

from __future__ import annotations

import time
from collections.abc import Callable

from sundog.errors import CloudError

MOST = 3
WITHIN_SECONDS = 60.0


class CloudKeepsEnding(CloudError):
    """The embedded cloud ended by itself several times in a minute.

    Starting it once more would not help: its log says what it failed on, often its saved state.
    """

    code = "SD-CLOUD-021"


class Outages:
    """Counts how often the cloud ended lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: list[float] = []

    def note(self, status: int) -> None:
        """Count one more.

        Raises:
            CloudKeepsEnding: It was one too many.
        """
        now = self._clock()
        self._times = [moment for moment in self._times if now - moment < WITHIN_SECONDS] + [now]
        if len(self._times) > MOST:
            raise CloudKeepsEnding(
                f"the embedded cloud ended {len(self._times)} times within {WITHIN_SECONDS:.0f} seconds, "
                f"the last time with status {status}",
                where=".sundog/local/cloud/log",
                fix=[
                    "read the end of its log",
                    "or start with an empty one: `sundog dev --reset`, which deletes the local stage's data",
                ],
            )
