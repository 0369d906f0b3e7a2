"""What the parts of a job agree on: its manager, the live session, the embedded cloud, and CodeBuild."""

from __future__ import annotations

import json
from typing import Any

TIMEOUT_VARIABLE = "SUNDOG_TIMEOUT_SECONDS"
"""On a job's function: how long the live session lets it run, which is longer than Lambda would."""
CANCEL_KEY = "sundog:cancel"
"""The event that ends a live job is an object with this key alone; its value is the id of the job."""


def cancelled_id(payload: bytes) -> str | None:
    """Return the id of the job that an event cancels; None for every other event."""
    if len(payload) > 200 or CANCEL_KEY.encode() not in payload:
        return None
    try:
        event: Any = json.loads(payload)
    except ValueError:
        return None
    if not isinstance(event, dict) or list(event) != [CANCEL_KEY]:
        return None
    return str(event[CANCEL_KEY])
