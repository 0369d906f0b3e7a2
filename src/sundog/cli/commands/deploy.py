"""`sundog deploy`."""

from __future__ import annotations

import click

from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import in_each_region


@command("deploy")
@click.option(
    "--only", multiple=True, metavar="STACK", help="Only this stack and what it needs; may be repeated."
)
def deploy(here: Here, only: tuple[str, ...]) -> None:
    """Deploy the app to a stage.

    Outputs go to stdout. Deploying again changes only what differs. A stage with several regions is deployed to one after the
    other; when one fails, those after it are left as they are.
    """
    places = here.places()

    from sundog.session.commands import run_deploy

    in_each_region(
        here,
        places,
        lambda project, stage, progress: run_deploy(project, stage, observer=progress, only=only),
        finished=lambda progress, _: progress.show_outputs(),
    )
