"""`sundog deploy`."""

from __future__ import annotations

import click

from sundog.cli.concurrency import run_async
from sundog.cli.here import Here
from sundog.cli.options import command


@command("deploy")
@click.option(
    "--only", multiple=True, metavar="STACK", help="Only this stack and what it needs; may be repeated."
)
def deploy(here: Here, only: tuple[str, ...]) -> None:
    """Deploy the app to a stage.

    Outputs go to stdout. Deploying again changes only what differs.
    """
    project = here.project()
    stage = here.stage(project)

    from sundog.cli.render.progress import Progress
    from sundog.session.commands import run_deploy

    progress = Progress(here.output, project, stage)
    run_async(lambda: run_deploy(project, stage, observer=progress, only=only), here.output)
    progress.show_outputs()
