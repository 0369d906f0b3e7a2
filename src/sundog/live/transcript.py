"""An invocation's log as CloudWatch shows it, from START to REPORT."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Usage:
    """The numbers of a REPORT line."""

    duration_ms: float
    memory_mb: int
    max_memory_mb: int | None = None
    init_ms: float | None = None
    status: str | None = None
    """`timeout` or `error` where Lambda says so."""
    error_type: str | None = None


def transcript(request_id: str, version: str, lines: Sequence[str], usage: Usage) -> bytes:
    """Return the whole log of an invocation."""
    return "".join(
        f"{line}\n"
        for line in (
            f"START RequestId: {request_id} Version: {version}",
            *lines,
            f"END RequestId: {request_id}",
            report_line(request_id, usage),
        )
    ).encode("utf-8", "replace")


def report_line(request_id: str, usage: Usage) -> str:
    r"""Return the REPORT line.

    Example:
        >>> report_line("r-1", Usage(duration_ms=1.234, memory_mb=128, max_memory_mb=40))
        'REPORT RequestId: r-1\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 40 MB\t'
    """
    billed = math.ceil(usage.duration_ms + (usage.init_ms or 0.0))
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {usage.duration_ms:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {usage.memory_mb} MB",
        f"Max Memory Used: {usage.max_memory_mb or 0} MB",
    ]
    if usage.init_ms is not None:
        parts.append(f"Init Duration: {usage.init_ms:.2f} ms")
    if usage.status is not None:
        parts.append(f"Status: {usage.status}")
    if usage.error_type is not None:
        parts.append(f"Error Type: {usage.error_type}")
    return "".join(f"{part}\t" for part in parts)
