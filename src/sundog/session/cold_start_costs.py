"""What it costs each month to keep requests from waiting for cold starts, told after a deploy.

Prices are those of us-east-1 on https://aws.amazon.com/lambda/pricing/, without the free tier and without what the inits of
the environments take; other regions differ by up to a third.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from sundog.model.events import Notice, Observer
from sundog.model.manifest import FunctionEntry
from sundog.model.warmer import DELAY_MS, INTERVAL_MINUTES

HOURS_PER_MONTH = 730
DOLLARS_PER_REQUEST = 0.20 / 1_000_000
DOLLARS_PER_GB_SECOND = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
DOLLARS_PER_PROVISIONED_GB_SECOND = {"x86_64": 0.0000041667, "arm64": 0.0000033334}
WARMER_MEMORY_MB = 128
ANSWER_MS = 25
"""What calling the handler adds to the time that the warmer's event is held."""
CALLING_MS = 150
"""What the warmer itself takes besides, per function and call."""


def warm_dollars(entry: FunctionEntry) -> float:
    """Return what a schedule's calls of a function cost each month, with its share of the warmer.

    Example:
        >>> round(warm_dollars(entry), 2)  # one environment of 1024 MB
        0.02
    """
    calls = HOURS_PER_MONTH * 60 / INTERVAL_MINUTES
    held = (DELAY_MS + ANSWER_MS) / 1000
    price = DOLLARS_PER_GB_SECOND[entry.architecture]
    function = calls * entry.warm * (DOLLARS_PER_REQUEST + held * entry.memory_mb / 1024 * price)
    calling = held + CALLING_MS / 1000
    warmer = calls * (
        DOLLARS_PER_REQUEST + calling * WARMER_MEMORY_MB / 1024 * DOLLARS_PER_GB_SECOND["x86_64"]
    )
    return function + warmer


def provisioned_dollars(entry: FunctionEntry) -> float:
    """Return what a function's provisioned concurrency costs each month, used or not."""
    gigabytes = entry.provisioned_concurrency * entry.memory_mb / 1024
    return HOURS_PER_MONTH * 3600 * gigabytes * DOLLARS_PER_PROVISIONED_GB_SECOND[entry.architecture]


def tell_costs(functions: Iterable[FunctionEntry], observer: Observer) -> None:
    """Tell an observer what the functions of a deploy cost each month while nobody calls them."""
    entries = list(functions)
    _tell("warm environments", [entry for entry in entries if entry.warm], warm_dollars, observer)
    provisioned = [entry for entry in entries if entry.provisioned_concurrency]
    _tell("provisioned concurrency", provisioned, provisioned_dollars, observer)


def _tell(
    what: str, entries: list[FunctionEntry], cost: Callable[[FunctionEntry], float], observer: Observer
) -> None:
    if not entries:
        return
    each = ", ".join(
        f"{entry.name} {_dollars(cost(entry))}" for entry in sorted(entries, key=cost, reverse=True)
    )
    total = _dollars(sum(map(cost, entries)))
    observer(Notice(at=time.time(), level="info", text=f"{what}: about {total} a month on AWS ({each})"))


def _dollars(amount: float) -> str:
    return f"${max(amount, 0.01):.2f}"
