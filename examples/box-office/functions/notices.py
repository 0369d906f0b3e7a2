"""Notices reach people: by mail and by pager. A real hall would send them with its own services."""

import json
from typing import Any

from box_office.notices import tell_staff


def mail(event: dict[str, Any], context: Any) -> None:
    for notice in _notices(event):
        print(f"mail to {notice['to']}: {notice['subject']}")


def page(event: dict[str, Any], context: Any) -> None:
    for notice in _notices(event):
        print(f"to the staff: {notice['text']}")


def alarm(event: dict[str, Any], context: Any) -> None:
    """An alarm of CloudWatch is news for the staff."""
    data = event["alarmData"]
    tell_staff(f"{data['alarmName']}: {data['state']['reason']}")


def _notices(event: dict[str, Any]) -> list[dict[str, str]]:
    return [json.loads(record["Sns"]["Message"]) for record in event["Records"]]
