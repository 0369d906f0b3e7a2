"""CloudWatch Logs: reading what functions wrote on a stage that no session of this machine serves."""

from __future__ import annotations

from collections import deque

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a log group."""

    event_id: str
    at: float
    """Wall clock, seconds since the epoch."""
    stream: str
    text: str


async def log_lines(
    connection: AwsConnection,
    group: str,
    *,
    since: float,
    until: float,
    pattern: str | None = None,
    limit: int = 1000,
) -> list[LogLine] | None:
    """Return the newest lines of a log group in a period, oldest first; None when there is no such group yet.

    Args:
        connection: The way to the stage.
        group: `/aws/lambda/<function>`.
        since: Wall clock, seconds since the epoch.
        until: Wall clock; lines of this moment are left out.
        pattern: CloudWatch's own filter pattern.
        limit: The most lines to return.
    """
    lines: deque[LogLine] = deque(maxlen=limit)
    page: dict[str, str] = {"filterPattern": pattern} if pattern else {}
    while True:
        try:
            response = await connection.call(
                "logs",
                "filter_log_events",
                logGroupName=group,
                startTime=int(since * 1000),
                endTime=int(until * 1000) - 1,
                **page,
            )
        except RequestRefused as error:
            if error.aws_code == "ResourceNotFoundException":
                return None
            raise
        lines.extend(
            LogLine(
                event_id=event["eventId"],
                at=event["timestamp"] / 1000,
                stream=event["logStreamName"],
                text=event["message"].rstrip("\n"),
            )
            for event in response["events"]
        )
        # A page may be empty and not the last: CloudWatch ends it after so many bytes that it has looked through.
        if not response.get("nextToken"):
            return list(lines)
        page["nextToken"] = response["nextToken"]
