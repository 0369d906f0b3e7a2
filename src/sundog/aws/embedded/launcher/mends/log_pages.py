"""A search in a log ends after 10,000 events, or those that were asked for, and does not say that there are more.

CloudWatch Logs gives a token with each page, and ends a page after 1 MB:
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import json
from typing import Any

MODULE = "ministack.services.cloudwatch_logs"
VERSIONS = frozenset({"1.5.33"})

MOST_BYTES = 1024 * 1024
MOST_EVENTS = 10_000
_OVERHEAD_BYTES = 26


def mend(module: Any) -> None:
    """Answer searches in pages."""
    original = module._filter_log_events

    def search(data: dict[str, Any]) -> Any:
        token = data.get("nextToken")
        try:
            after = None if token is None else _place(token)
        except ValueError:
            return module.error_response_json(
                "InvalidParameterException", "The specified nextToken is invalid.", 400
            )
        start = data.get("startTime") if after is None else after[0]
        asked = {name: value for name, value in data.items() if name != "limit"}
        status, headers, body = original({**asked, **({} if start is None else {"startTime": start})})
        if status != 200:
            return status, headers, body
        found = json.loads(body)
        events = found["events"][0 if after is None else after[1] :]
        page = _page(events, min(data.get("limit") or MOST_EVENTS, MOST_EVENTS))
        more = len(page) < len(events) or len(found["events"]) >= MOST_EVENTS
        if page and more:
            found["nextToken"] = _token(page, after)
        return status, headers, json.dumps({**found, "events": page}).encode()

    module._filter_log_events = search


def _page(events: list[dict[str, Any]], limit: int) -> list[dict[str, Any]]:
    page: list[dict[str, Any]] = []
    size = 0
    for event in events[:limit]:
        size += len(event["message"].encode()) + _OVERHEAD_BYTES
        if page and size > MOST_BYTES:
            break
        page.append(event)
    return page


def _token(page: list[dict[str, Any]], after: tuple[int, int] | None) -> str:
    """Return where the next page begins: a time, and how many events of that time have been told."""
    last = page[-1]["timestamp"]
    told = sum(event["timestamp"] == last for event in page)
    return f"{last}/{told + (after[1] if after is not None and after[0] == last else 0)}"


def _place(token: str) -> tuple[int, int]:
    time, _, told = token.partition("/")
    return int(time), int(told)
