"""Events of sundog's own that are on their way to a function, and that its handler never sees."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterable

from sundog.live.pool import Pool
from sundog.model.functions import InvocationResult
from sundog.model.job import cancelled_id
from sundog.model.warmer import is_warmer_event

MOST_REMEMBERED = 1000


class OwnEvents:
    """Answers them for one session."""

    def __init__(self) -> None:
        """Begin with nothing cancelled."""
        self._cancelled: OrderedDict[str, None] = OrderedDict()

    def answer(self, payload: bytes, pools: Iterable[Pool]) -> InvocationResult | None:
        """Act on an event of sundog's own and return its answer; None for all others.

        Args:
            payload: The event.
            pools: Where a job that is to be cancelled may run.
        """
        if is_warmer_event(payload):
            # The environments of a session are warm, and nobody wants to read of this.
            return InvocationResult(payload=b'{"environment": "a live session", "live": true}')
        job = cancelled_id(payload)
        if job is None:
            return None
        running = [call for pool in pools for call in pool.calls if call.invocation.request_id == job]
        for call in running:
            call.cancel()
        if not running:
            # Lambda delivers the event of a job when it likes, so it may come after what cancels the job.
            self._remember(job)
        return InvocationResult(payload=json.dumps({"cancelled": bool(running)}).encode())

    def was_cancelled(self, job: str) -> bool:
        """Tell whether an event that arrives now is of a job that has been cancelled already."""
        return job in self._cancelled

    def _remember(self, job: str) -> None:
        self._cancelled[job] = None
        while len(self._cancelled) > MOST_REMEMBERED:
            self._cancelled.popitem(last=False)
