"""A command that does its work in each region of a stage."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio

from sundog.cli.concurrency import error_of, run_async
from sundog.cli.errors import RegionsFailed
from sundog.cli.here import Here
from sundog.errors import Cancelled, SundogError

if TYPE_CHECKING:
    from sundog.cli.render.progress import Progress
    from sundog.model.project import Project, Stage

Result = TypeVar("Result")
Place = tuple["Project", "Stage"]
Work = Callable[["Project", "Stage", "Progress"], Awaitable[Result]]


def in_each_region(
    here: Here,
    places: list[Place],
    work: Work[Result],
    *,
    goes_on: bool = False,
    finished: Callable[[Progress, Result], None] = lambda _progress, _result: None,
) -> None:
    """Do a command's work in one region after the other.

    A region is begun when the one before is done, so that what fails in the first reaches no other.

    Args:
        here: Where the command runs.
        places: The stage in each region.
        work: What to do there.
        goes_on: Begin the other regions as well when one has failed.
        finished: Told of each region that is done.

    Raises:
        RegionsFailed: The work failed in one of several regions.
        SundogError: It failed in the only one.
    """
    done: list[str] = []
    failed: dict[str, SundogError] = {}
    waiting = [stage.region for _, stage in places]
    for project, stage in places:
        if failed and not goes_on:
            break
        waiting.remove(stage.region)
        progress = _progress(here, project, stage, several=len(places) > 1)
        try:
            result = run_async(lambda: work(project, stage, progress), here.output)  # noqa: B023 - awaited before the next
        except Cancelled:
            _tell_interrupted(here, [stage.region], [*done, *failed], waiting)
            raise
        except SundogError as error:
            failed[stage.region] = error
        else:
            done.append(stage.region)
            finished(progress, result)
    if failed:
        raise _failure(failed, done, waiting, several=len(places) > 1)


def in_all_regions(here: Here, places: list[Place], work: Work[Result]) -> dict[str, Result]:
    """Do a command's work in all regions at once, each to its end, and return the results by region.

    Raises:
        RegionsFailed: The work failed in one of several regions.
        SundogError: It failed in the only one, or in all of them for the same reason.
    """
    results: dict[str, Result] = {}
    failed: dict[str, SundogError] = {}

    async def one(project: Project, stage: Stage) -> None:
        progress = _progress(here, project, stage, several=False)
        try:
            results[stage.region] = await work(project, stage, progress)
        except SundogError as error:
            failed[stage.region] = error
        except BaseExceptionGroup as group:
            found = error_of(group)
            if found is None:
                raise
            failed[stage.region] = found

    async def every() -> None:
        async with anyio.create_task_group() as group:
            for place in places:
                group.start_soon(one, *place)

    regions = [stage.region for _, stage in places]
    try:
        run_async(every, here.output)
    except Cancelled:
        ended = {*results, *failed}
        _tell_interrupted(
            here, [one for one in regions if one not in ended], sorted(ended, key=regions.index), []
        )
        raise
    if failed:
        ordered = {region: failed[region] for region in regions if region in failed}
        raise _failure(ordered, [one for one in regions if one in results], [], several=len(places) > 1)
    return {region: results[region] for region in regions}


def _progress(here: Here, project: Project, stage: Stage, *, several: bool) -> Progress:
    from sundog.cli.render.progress import Progress

    if several and not here.output.as_json:
        here.output.talk((f"\n{stage.region}", "bold"))
    return Progress(here.output, project, stage, region=stage.region if several else None)


def _failure(
    failed: dict[str, SundogError], done: list[str], not_begun: list[str], *, several: bool
) -> SundogError:
    first = next(iter(failed.values()))
    same = not done and not not_begun and len({(type(error), error.what) for error in failed.values()}) == 1
    # No credentials are one problem, however many regions there are.
    return RegionsFailed(failed, done=done, not_begun=not_begun) if several and not same else first


def _tell_interrupted(here: Here, under_way: list[str], ended: list[str], not_begun: list[str]) -> None:
    if not ended and not not_begun:
        return
    parts = {"interrupted": under_way, "ended before": ended, "not begun": not_begun}
    told = " · ".join(f"{what}: {', '.join(names)}" for what, names in parts.items() if names)
    here.output.talk((told, "yellow"))
