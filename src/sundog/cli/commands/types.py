"""`sundog types`."""

from __future__ import annotations

from sundog.cli.concurrency import run_async
from sundog.cli.here import Here
from sundog.cli.options import command


@command("types")
def types(here: Here) -> None:
    """Write the types of the app's resources, for editors and type checkers.

    `resources.` then completes with what the app declares, and a name that it does not declare is an error. `sundog dev` keeps
    them up to date. Needs no AWS account.
    """
    project = here.project()
    stage = here.stage(project)

    from sundog.cli.render.progress import Progress
    from sundog.cli.render.types import show_types
    from sundog.session.types import run_types

    progress = Progress(here.output, project, stage)
    files = run_async(lambda: run_types(project, stage, observer=progress), here.output)
    show_types(here.output, project, files)
