"""The store of a stage, for the commands that read what was recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sundog.cli.errors import NothingRecorded
from sundog.model.project import Project, Stage
from sundog.store.database import NoStore
from sundog.store.queries import StoreReader, reading


@contextlib.contextmanager
def recorded_on(project: Project, stage: Stage, *, instead: str) -> Iterator[StoreReader]:
    """Open the store of a stage in its region.

    Args:
        project: Whose state it is.
        stage: The stage, in one region.
        instead: What a person can do where nothing is recorded, because AWS runs the functions.

    Raises:
        NothingRecorded: The stage is in AWS, and no session of this machine has served it.
        NoStore: The local stage has never run.
    """
    try:
        with reading(project.events_db(stage.name)) as store:
            # A deploy has a store as well, without an invocation in it.
            if not stage.is_local and not store.functions():
                raise _nothing(stage, instead)
            yield store
    except NoStore as error:
        if stage.is_local:
            raise
        raise _nothing(stage, instead) from error


def _nothing(stage: Stage, instead: str) -> NothingRecorded:
    return NothingRecorded(
        f"nothing is recorded of what runs on the stage `{stage.name}` in {stage.region}",
        why="its functions run in AWS; only a session of this machine records",
        fix=instead,
    )
