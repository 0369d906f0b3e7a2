"""Which of a function's triggers sent an event, told from the event itself.

A transport hands over an event and no word of where it came from. Each AWS service has a shape of its own, so the shape
names the kind of source; among several triggers of that kind, the route or the name in the event decides. An event that no
trigger of the function sends was sent by hand, or by another program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from sundog.model.manifest import Trigger

_SOURCES = {
    "aws:sqs": "queue",
    "aws:sns": "topic",
    "aws:s3": "bucket",
    "aws:dynamodb": "table",
    "aws:kinesis": "stream",
}
_NAMED_OTHERWISE = {
    "sqs": "queue",
    "sns": "topic",
    "s3": "bucket",
    "dynamo": "table",
    "kinesis": "stream",
    "rule": "bus",
}
"""Kinds that are named after the CDK's class of event source."""
PIPE = "pipe"
_BY_RULE = frozenset({"bus", "cron", "alarm"})
"""Kinds whose events EventBridge makes."""


def trigger_of(triggers: Sequence[Trigger], payload: bytes) -> Trigger | None:
    """Return the trigger that sent an event; None when it was sent by hand.

    Args:
        triggers: Those of the function, as the app declares them.
        payload: The event, as JSON.

    Example:
        >>> trigger_of([Trigger(kind="http", label="GET /notes")], b'{"version": "2.0", "routeKey": "GET /notes", …}')
    """
    if not triggers:
        return None
    if len(triggers) == 1 and triggers[0].kind == "job":
        # Its event is whatever the caller passes, and nobody else is meant to send one.
        return triggers[0]
    try:
        event = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return None
    own_words = [trigger for trigger in triggers if "input" in trigger.detail]
    for trigger in own_words:
        # A schedule with an input of its own sends just that.
        if trigger.detail["input"] == event:
            return trigger
    # Nothing but a pipe hands over records as a mere list.
    kind = PIPE if isinstance(event, list) else _kind(event) if isinstance(event, dict) else None
    fitting = [trigger for trigger in triggers if trigger not in own_words and _fits(trigger.kind, kind)]
    if len(fitting) < 2:
        return fitting[0] if fitting else None
    return _closest(fitting, {"Records": event} if kind == PIPE else event)


def _kind(event: Mapping[str, Any]) -> str | None:
    for kind, is_kind in _SHAPES.items():
        if is_kind(event):
            return kind
    source = _first_record(event)
    return _SOURCES.get(str(source.get("eventSource", source.get("EventSource"))))


def _is_url(event: Mapping[str, Any]) -> bool:
    domain = str(_context(event).get("domainName", ""))
    return "http" in _context(event) and ".lambda-url." in domain


_SHAPES: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    # In this order: an authorizer's event repeats the request that it is asked about.
    "authorizer": lambda event: (
        event.get("type") in {"TOKEN", "REQUEST"} and not {"methodArn", "routeArn"}.isdisjoint(event)
    ),
    "websocket": lambda event: "connectionId" in _context(event) and "eventType" in _context(event),
    "url": _is_url,
    "http": lambda event: "http" in _context(event) or ("httpMethod" in event and "requestContext" in event),
    "cognito": lambda event: "triggerSource" in event and "userPoolId" in event,
    "graphql": lambda event: "info" in event and "arguments" in event,
    "alarm": lambda event: "alarmData" in event,
    "logs": lambda event: "awslogs" in event,
    "script": lambda event: event.get("type") in {"create", "update", "delete"} and "params" in event,
    "rule": lambda event: "detail-type" in event and "source" in event,
}


def _fits(declared: str, kind: str | None) -> bool:
    declared = _NAMED_OTHERWISE.get(declared, declared)
    if kind == "rule":
        return declared in _BY_RULE
    return declared == kind


def _closest(triggers: Sequence[Trigger], event: Mapping[str, Any]) -> Trigger:
    for route in _routes(event):
        for trigger in triggers:
            if trigger.label.endswith(route):
                return trigger
    cause = str(event.get("triggerSource", ""))
    for trigger in triggers:
        # Cognito's own names of what happened: `PreSignUp_SignUp`, `PreSignUp_AdminCreateUser`.
        if cause.startswith(tuple(trigger.detail.get("sources", ()))):
            return trigger
    for trigger in triggers:
        if _is_in_pattern(trigger.detail.get("pattern"), event):
            return trigger
    names = _plain(_source_name(event))
    # CloudFormation makes physical names of logical ids, which contain the construct's own id.
    named = [trigger for trigger in triggers if _plain(_own_id(trigger)) in names]
    return max(named, key=lambda trigger: len(_own_id(trigger)), default=triggers[0])


def _is_in_pattern(pattern: object, event: Mapping[str, Any]) -> bool:
    """Whether a rule's pattern names the event's type and source; its other conditions are EventBridge's business."""
    return (
        isinstance(pattern, Mapping)
        and bool(pattern)
        and all(
            event.get(field) in pattern.get(field, [event.get(field)]) for field in ("source", "detail-type")
        )
    )


def _routes(event: Mapping[str, Any]) -> list[str]:
    """Return what an event says about its route, as the app may have written it."""
    context = _context(event)
    if "routeKey" in context:
        return [str(context["routeKey"])]
    if "httpMethod" in event:
        path = event.get("resource", event.get("path"))
        return [f"{event['httpMethod']} {path}", f"ANY {path}"]
    field = event.get("info")
    if isinstance(field, Mapping):
        return [f"{field.get('parentTypeName')} {field.get('fieldName')}"]
    return [str(event["triggerSource"])] if "triggerSource" in event else []


def _source_name(event: Mapping[str, Any]) -> str:
    record = _first_record(event)
    named = [
        record.get("eventSourceARN"),
        record.get("EventSubscriptionArn"),
        record.get("s3", {}).get("bucket", {}).get("name") if isinstance(record.get("s3"), Mapping) else None,
        event.get("alarmArn"),
        *(event["resources"] if isinstance(event.get("resources"), list) else ()),
    ]
    return " ".join(str(name) for name in named if name)


def _own_id(trigger: Trigger) -> str:
    if trigger.kind == PIPE:
        return str(trigger.detail.get("source", ""))
    return (trigger.resource or trigger.label).rpartition("/")[2]


def _plain(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def _context(event: Mapping[str, Any]) -> Mapping[str, Any]:
    context = event.get("requestContext")
    return context if isinstance(context, Mapping) else {}


def _first_record(event: Mapping[str, Any]) -> Mapping[str, Any]:
    records = event.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    return first if isinstance(first, Mapping) else {}
