"""`sundog migrate`."""

from __future__ import annotations

from sundog.cli.concurrency import run_async
from sundog.cli.functions import manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command


@command("migrate")
def migrate(here: Here) -> None:
    """Run the migrations that databases do not have yet.

    A deploy does that by itself, after the stacks are up to date; this is for what was added since, and for deploys by
    other tools. Each file runs once, in the order of the names, in a transaction.
    """
    project = here.project()
    stage = here.stage(project)
    manifest = manifest_of(project, stage)

    from sundog.cli.render.progress import Progress
    from sundog.session.commands import run_migrate

    progress = Progress(here.output, project, stage)
    run_async(lambda: run_migrate(project, stage, manifest, observer=progress), here.output)
