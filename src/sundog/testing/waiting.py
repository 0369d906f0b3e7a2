"""Wait for a condition, never for a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

DEFAULT_SECONDS = 30.0
_PAUSE_SECONDS = 0.02


def wait_until(
    condition: Callable[[], Result], what: str | None = None, *, timeout: float = DEFAULT_SECONDS
) -> Result:
    """Return the value of a condition as soon as it is true.

    Args:
        condition: Called again and again.
        what: What is waited for, for the message: `"the reminder to be stored"`.
        timeout: Seconds after which the test fails.

    Raises:
        AssertionError: The time is over; the message has the condition's last value.

    Example:
        >>> wait_until(lambda: resources.notes.table.get_item(Key=key).get("Item"), "the note to be stored")
    """
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() >= deadline:
            asked = what or getattr(condition, "__name__", "the condition").replace(
                "<lambda>", "the condition"
            )
            raise AssertionError(f"waited {timeout:g} s for {asked}; the last value was {value!r}")
        pause.wait(_PAUSE_SECONDS)
    return value
