"""A command that does its work in each region of a stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sundog.cli.concurrency import run_async
from sundog.cli.here import Here
from sundog.errors import SundogError

if TYPE_CHECKING:
    from sundog.cli.render.progress import Progress
    from sundog.model.project import Project, Stage

Work = Callable[["Project", "Stage", "Progress"], Awaitable[object]]


def in_each_region(here: Here, places: list[tuple[Project, Stage]], work: Work) -> list[Progress]:
    """Do a command's work in one region after the other, and return what was shown of each.

    A region is begun when the one before is done, so that what fails in the first reaches no other.

    Raises:
        SundogError: The work failed in a region; those after it were not begun.
    """
    from sundog.cli.render.progress import Progress

    done: list[Progress] = []
    for project, stage in places:
        several = len(places) > 1
        if several and not here.output.as_json:
            here.output.talk((f"\n{stage.region}", "bold"))
        progress = Progress(here.output, project, stage, region=stage.region if several else None)
        try:
            run_async(lambda: work(project, stage, progress), here.output)  # noqa: B023 - awaited before the next
        except SundogError:
            if several:
                _tell_rest(here, [one.region for _, one in places], len(done))
            raise
        done.append(progress)
    return done


def _tell_rest(here: Here, regions: list[str], done: int) -> None:
    before = ", ".join(regions[:done]) or "none"
    after = ", ".join(regions[done + 1 :]) or "none"
    here.output.talk((f"{regions[done]} failed · done before: {before} · not begun: {after}", "yellow"))
