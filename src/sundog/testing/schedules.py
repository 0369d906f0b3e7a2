"""The event that a schedule sends to its function, from what is deployed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sundog.aws.endpoint import LOCAL_ACCOUNT

ClientOf = Callable[[str], Any]


def scheduled_event(client: ClientOf, physical_id: str, region: str) -> Any:  # noqa: ANN401 - JSON
    """Return what EventBridge Scheduler hands to the target of a schedule.

    Args:
        client: Returns the client of a service.
        physical_id: The schedule's.
        region: Where it is.
    """
    group, _, name = physical_id.rpartition("|")
    schedule = client("scheduler").get_schedule(Name=name, **({"GroupName": group} if group else {}))
    text = schedule["Target"].get("Input")
    if text:
        return json.loads(text)
    # What a target without an input of its own gets; `detail` is a text, not an object as of a rule.
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": LOCAL_ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [schedule["Arn"]],
        "detail": "{}",
    }
