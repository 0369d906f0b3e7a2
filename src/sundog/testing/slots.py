"""A state folder for each test run, so that none meets another or the developer's `sundog dev`."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from sundog.model.names import LOCAL_STAGE
from sundog.model.project import Project, find_project
from sundog.session.lock import SessionNote, StageBusy, hold_stage


@contextlib.contextmanager
def project_for_tests(folder: Path) -> Iterator[Project]:
    """Find the project of a folder and give it a state folder that nobody uses.

    The folders are `.sundog/tests/1`, `2` and so on. What a run leaves there makes the next one quick: it holds the synthesized templates. Workers of pytest-xdist, and
    two test runs at once, get one each.

    Raises:
        ConfigError: There is no project, or its settings are wrong.
    """
    project = find_project(folder)
    note = SessionNote(pid=os.getpid(), command="test", started_at=time.time())
    for number in itertools.count(1):
        state = project.root / ".sundog" / "tests" / str(number)
        own = msgspec.structs.replace(project, state_folder=state)
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(hold_stage(own.stage_dir(LOCAL_STAGE), note))
            except StageBusy:
                continue
            yield own
            return
