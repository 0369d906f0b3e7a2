"""CloudFormation has no `AWS::Events::Archive`: a bus whose events are kept could not be deployed.

The service itself has archives and replays; only the type is missing.
"""

from __future__ import annotations

import json
from typing import Any

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})
_TYPE = "AWS::Events::Archive"
_LONGEST_NAME = 48


def mend(module: Any) -> None:
    """Add the type, unless it is there."""

    def create(logical_id: str, properties: Properties, stack: str) -> tuple[str, dict[str, Any]]:
        name = properties.get("ArchiveName") or module._physical_name(
            stack, logical_id, max_len=_LONGEST_NAME
        )
        answer = _answer(module._eb._create_archive(_request(name, properties)))
        return name, {"Arn": answer["ArchiveArn"]}

    def update(
        physical_id: str, old: Properties, new: Properties, stack: str, logical_id: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        if any(old.get(key) != new.get(key) for key in ("SourceArn", "ArchiveName")):
            # Of another bus: a new resource. CloudFormation deletes the old one.
            return create(logical_id or physical_id, new, stack)
        answer = _answer(module._eb._update_archive(_request(physical_id, new)))
        return physical_id, {"Arn": answer["ArchiveArn"]}

    def delete(physical_id: str, properties: Properties) -> None:
        del properties
        module._eb._delete_archive({"ArchiveName": physical_id})

    handler = {"create": create, "update": update, "update_with_logical_id": True, "delete": delete}
    module._RESOURCE_HANDLERS.setdefault(_TYPE, handler)


def _request(name: str, properties: Properties) -> dict[str, Any]:
    pattern = properties.get("EventPattern")
    return {
        "ArchiveName": name,
        "EventSourceArn": properties.get("SourceArn", ""),
        "Description": properties.get("Description", ""),
        "EventPattern": "" if not pattern else pattern if isinstance(pattern, str) else json.dumps(pattern),
        "RetentionDays": int(properties.get("RetentionDays") or 0),
    }


def _answer(response: tuple[int, Any, bytes]) -> dict[str, Any]:
    status, _, body = response
    if status >= 400:
        raise ValueError(f"{_TYPE}: {body.decode('utf-8', 'replace')}")
    answered: dict[str, Any] = json.loads(body)
    return answered
