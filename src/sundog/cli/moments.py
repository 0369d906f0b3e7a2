"""Times as people write them on the command line: `10m`, `2026-11-23`, `2026-11-23T10:00:00+01:00`."""

from __future__ import annotations

import datetime as dt
import re

from sundog.cli.errors import InvalidTime

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(rf"(\d+(?:\.\d+)?)\s*([{''.join(_UNITS)}])")


def moment(text: str, *, now: float) -> float:
    """Return the wall clock time, in seconds, that a person means.

    Args:
        text: A duration before now, or an ISO 8601 date or time; without a zone it is local.
        now: The wall clock.

    Raises:
        InvalidTime: It is neither.
    """
    match = _DURATION.fullmatch(text.strip().lower())
    if match:
        return now - float(match[1]) * _UNITS[match[2]]
    try:
        return dt.datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise InvalidTime(
            f"`{text}` is not a time",
            where="--since",
            why=f"a time is a number with one of {', '.join(_UNITS)}, or an ISO 8601 date",
            fix="write `--since 10m`, or `--since 2026-11-23T09:00`",
        ) from error
