"""Resolvers of AppSync whose data source is an event bus fail: the emulator sends no events.

https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-eventbridge-js.html
"""

from __future__ import annotations

import json
from typing import Any

MODULE = "ministack.services.appsync"
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Send what the resolver's request names."""

    def send(_api_id: str, data_source: dict[str, Any], request: Any, _context: Any) -> Any:
        from ministack.services import eventbridge

        asked = request if isinstance(request, dict) else {}
        if asked.get("operation") != "PutEvents":
            raise module._AppSyncResolverError(
                f"an event bus knows the operation PutEvents, not {asked.get('operation')}", "BadRequest"
            )
        bus = (data_source.get("eventBridgeConfig") or {}).get("eventBusArn", "default")
        entries = [
            {
                "EventBusName": bus,
                "Source": event.get("source", ""),
                "DetailType": event.get("detailType", ""),
                "Detail": json.dumps(event.get("detail") or {}),
                "Resources": event.get("resources") or [],
            }
            for event in asked.get("events") or ()
        ]
        status, _headers, body = eventbridge._put_events({"Entries": entries})
        answer = json.loads(body)
        if status >= 400:
            raise module._AppSyncResolverError(answer.get("message", "PutEvents failed"), "BadRequest")
        return answer

    module._DATA_SOURCE_HANDLERS["AMAZON_EVENTBRIDGE"] = send
