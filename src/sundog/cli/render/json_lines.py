"""Events as `--json` prints them: one JSON object per line, payloads as the JSON that they are."""

from __future__ import annotations

from typing import Any

import msgspec

from sundog.model.events import Event, InvocationFinished, InvocationStarted


def event_object(event: Event) -> dict[str, Any]:
    """Return an event as an object; `type` names its kind."""
    fields: dict[str, Any] = msgspec.to_builtins(event)
    if isinstance(event, InvocationStarted):
        fields["payload"] = json_value(event.payload)
    if isinstance(event, InvocationFinished):
        fields["response"] = json_value(event.response)
    return fields


def json_value(payload: bytes) -> object:
    """Return what a payload says; text when it is not JSON, None when it is empty."""
    if not payload:
        return None
    try:
        return msgspec.json.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return payload.decode("utf-8", "replace")
