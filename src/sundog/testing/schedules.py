"""The event that a schedule sends to its function, from what is deployed."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sundog.aws.endpoint import LOCAL_ACCOUNT

ClientOf = Callable[[str], Any]


def scheduled_event(client: ClientOf, resource_type: str, physical_id: str, region: str) -> Any:  # noqa: ANN401 - JSON
    """Return what EventBridge or EventBridge Scheduler hands to the target of a schedule.

    Args:
        client: Returns the client of a service.
        resource_type: `AWS::Events::Rule` or `AWS::Scheduler::Schedule`.
        physical_id: The rule's or the schedule's.
        region: Where it is.
    """
    if resource_type == "AWS::Scheduler::Schedule":
        group, _, name = physical_id.rpartition("|")
        schedule = client("scheduler").get_schedule(Name=name, **({"GroupName": group} if group else {}))
        text = schedule["Target"].get("Input")
        return json.loads(text) if text else _default("aws.scheduler", schedule["Arn"], region, "{}")
    rules = client("events")
    bus, _, rule = physical_id.rpartition("|")
    of_bus = {"EventBusName": bus} if bus else {}
    (target, *_) = rules.list_targets_by_rule(Rule=rule, **of_bus)["Targets"]
    if "Input" in target:
        return json.loads(target["Input"])
    return _default("aws.events", f"arn:aws:events:{region}:{LOCAL_ACCOUNT}:rule/{rule}", region, {})


def _default(source: str, arn: str, region: str, detail: object) -> dict[str, Any]:
    """What a target without an input of its own gets; Scheduler's `detail` is a text, EventBridge's an object."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": source,
        "account": LOCAL_ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [arn],
        "detail": detail,
    }
