"""Times as people read them."""

from __future__ import annotations

import datetime as dt


def duration(milliseconds: float) -> str:
    """Return a duration with its unit.

    Example:
        >>> duration(3.21), duration(41.7), duration(1234), duration(125_000)
        ('3.2 ms', '42 ms', '1.2 s', '2 min 5 s')
    """
    if milliseconds < 9.95:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def time_of_day(at: float) -> str:
    """Return the local time of a moment."""
    return dt.datetime.fromtimestamp(at).astimezone().strftime("%H:%M:%S")


def day_and_time(at: float) -> str:
    """Return the local date and time of a moment, with milliseconds."""
    return dt.datetime.fromtimestamp(at).astimezone().isoformat(sep=" ", timespec="milliseconds")[:23]
