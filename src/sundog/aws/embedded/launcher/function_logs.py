"""Writes the log of an invocation to the emulator's CloudWatch Logs.

The emulator makes a stream per invocation and keeps them all. Here an execution environment has one, as on AWS, and a
group keeps a bounded number of streams and lines.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from .routing import Outcome

MOST_STREAMS = 50
MOST_LINES = 10_000
"""Per stream."""


def write_log(config: dict[str, Any], outcome: Outcome, request_id: str, seconds: float) -> None:
    """Append an invocation's log to its function's group, made when missing."""
    version = config.get("Version", "$LATEST")
    lines = outcome.log.splitlines() or _platform_lines(config, request_id, version, seconds, outcome)
    name = (config.get("LoggingConfig") or {}).get(
        "LogGroup"
    ) or f"/aws/lambda/{config.get('FunctionName', '')}"
    stream_name = outcome.log_stream or f"{datetime.now(UTC):%Y/%m/%d}/[{version}]sundog"
    append_lines(name, stream_name, lines, int(time.time() * 1000))


def append_lines(name: str, stream_name: str, lines: list[str], now: int) -> None:
    """Append lines to a stream of a log group; both are made when missing.

    Args:
        name: Of the group.
        stream_name: Of the stream.
        lines: One event each.
        now: Milliseconds since the epoch.
    """
    from ministack.services import cloudwatch_logs as logs

    group = logs._log_groups.get(name)
    if group is None:
        group = _new_group(logs._make_group_arn(name), now)
        logs._log_groups[name] = group
    streams = group["streams"]
    stream = streams.get(stream_name)
    if stream is None:
        surplus = len(streams) + 1 - MOST_STREAMS
        if surplus > 0:
            for oldest in sorted(streams, key=lambda key: streams[key]["lastIngestionTime"] or 0)[:surplus]:
                streams.pop(oldest, None)
        stream = streams.setdefault(stream_name, _new_stream(now))
    events = [{"timestamp": now, "message": line, "ingestionTime": now} for line in lines]
    logs._append_log_events(stream, events)
    surplus = len(stream["events"]) - MOST_LINES
    if surplus > MOST_LINES // 10:
        with logs._log_events_lock:
            stream["events"] = stream["events"][surplus:]
    plain = [{"timestamp": now, "message": line} for line in lines]
    logs._fanout_to_subscription_filters(name, stream_name, plain)


def _platform_lines(
    config: dict[str, Any], request_id: str, version: str, seconds: float, outcome: Outcome
) -> list[str]:
    milliseconds = seconds * 1000
    lines = [f"START RequestId: {request_id} Version: {version}"]
    if outcome.error and isinstance(outcome.body, dict):
        lines.append(str(outcome.body.get("errorMessage", "")))
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {int(milliseconds) + 1} ms\t"
        f"Memory Size: {config.get('MemorySize', 128)} MB\tMax Memory Used: 0 MB"
    )
    return [*lines, f"END RequestId: {request_id}", report]


def _new_group(arn: str, now: int) -> dict[str, Any]:
    return {
        "arn": arn,
        "creationTime": now,
        "retentionInDays": None,
        "tags": {},
        "subscriptionFilters": {},
        "streams": {},
    }


def _new_stream(now: int) -> dict[str, Any]:
    return {
        "events": [],
        "uploadSequenceToken": "1",
        "creationTime": now,
        "firstEventTimestamp": None,
        "lastEventTimestamp": None,
        "lastIngestionTime": None,
    }
