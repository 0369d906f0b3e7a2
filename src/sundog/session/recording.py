"""A command's events go to the stage's store as well as to whoever shows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from sundog.model.events import Notice, Observer
from sundog.model.project import Project, Stage
from sundog.session.observers import FanOut
from sundog.store.writer import StoreWriter


class Recording(FanOut):
    """An observer that records and passes on."""

    def __init__(self, store: StoreWriter, observer: Observer) -> None:
        super().__init__([store, observer])
        self.redactor = store.redactor
        """Learns which values must never be written."""


@contextlib.contextmanager
def recorded(project: Project, stage: Stage, observer: Observer) -> Iterator[Recording]:
    """Open the stage's store for the length of a `with` block inside a running event loop."""
    loop = asyncio.get_running_loop()

    def notify(notice: Notice) -> None:
        # The writer speaks from its own thread; observers are called from the loop's only.
        if not loop.is_closed():
            loop.call_soon_threadsafe(observer, notice)

    with StoreWriter(project.events_db(stage.name), notify=notify) as store:
        yield Recording(store, observer)
