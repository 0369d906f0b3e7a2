"""Events of sundog's own that are on their way to a function, and that its handler never sees."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sundog.live.pool import Pool
from sundog.model.functions import InvocationResult
from sundog.model.job import cancelled_id
from sundog.model.warmer import is_warmer_event


def answer_to_ours(payload: bytes, pools: Iterable[Pool]) -> InvocationResult | None:
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
    return InvocationResult(payload=json.dumps({"cancelled": bool(running)}).encode())
