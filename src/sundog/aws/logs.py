"""CloudWatch Logs: reading what functions wrote on a stage that no session of this machine serves."""

from __future__ import annotations

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
    connection: AwsConnection, group: str, *, since: float, pattern: str | None = None, limit: int = 1000
) -> list[LogLine]:
    """Return a log group's lines since a time, oldest first; none when there is no such group yet.

    Args:
        connection: The way to the stage.
        group: `/aws/lambda/<function>`.
        since: Wall clock, seconds since the epoch.
        pattern: CloudWatch's own filter pattern.
        limit: The most lines to return.
    """
    lines: list[LogLine] = []
    page: dict[str, str] = {"filterPattern": pattern} if pattern else {}
    while len(lines) < limit:
        try:
            response = await connection.call(
                "logs", "filter_log_events", logGroupName=group, startTime=int(since * 1000), **page
            )
        except RequestRefused as error:
            if error.aws_code == "ResourceNotFoundException":
                return []
            raise
        lines += [
            LogLine(
                event_id=event["eventId"],
                at=event["timestamp"] / 1000,
                stream=event["logStreamName"],
                text=event["message"].rstrip("\n"),
            )
            for event in response["events"]
        ]
        if not response.get("nextToken"):
            break
        page["nextToken"] = response["nextToken"]
    return lines[:limit]
