"""One stream of events, several readers."""

from __future__ import annotations

from collections.abc import Sequence

from sundog.model.events import Event, Observer


class FanOut:
    """Give each event to every observer, in order.

    Example:
        >>> seen = []
        >>> FanOut([seen.append, print])
        FanOut(2 observers)
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    def __call__(self, event: Event) -> None:
        """Pass one event on."""
        for observer in self._observers:
            observer(event)

    def __repr__(self) -> str:
        return f"FanOut({len(self._observers)} observers)"
