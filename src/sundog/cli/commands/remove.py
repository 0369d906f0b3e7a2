"""`sundog remove`."""

from __future__ import annotations

import sys

import click

from sundog.cli.errors import ConfirmationNeeded
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import in_each_region
from sundog.errors import Cancelled
from sundog.model.project import Project, Stage


@command("remove")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.option("--unprotect", is_flag=True, help="Remove the stage although it is marked as protected.")
def remove(here: Here, *, yes: bool, unprotect: bool) -> None:
    """Remove a stage and all that is in it.

    Stacks are deleted in reverse order. Outside the stage `local`, the name of the stage is asked for first.
    """
    places = here.places()
    project, stage = places[0]

    from sundog.deploy.remove import refuse_protected

    refuse_protected(stage, confirmed=unprotect)
    if not yes and (stage.protected or not stage.is_local):
        _confirm(here, project, stage, ", ".join(one.region for _, one in places))

    from sundog.session.commands import run_remove

    in_each_region(
        here,
        places,
        lambda project, stage, progress: run_remove(project, stage, observer=progress, confirmed=unprotect),
        goes_on=True,
    )


def _confirm(here: Here, project: Project, stage: Stage, regions: str) -> None:
    if here.output.as_json or not sys.stdin.isatty() or not here.output.is_terminal:
        raise ConfirmationNeeded(
            f"`sundog remove` would delete the stage `{stage.name}` of `{project.settings.name}`, with its data",
            why="it asks first, and there is no terminal to ask on",
            fix=f"if that is meant, run `sundog remove --stage {stage.name} --yes`",
        )
    answer = click.prompt(
        f"This deletes the stage {stage.name} of {project.settings.name} in {regions}, with its data.\n"
        "Type the stage's name to go on",
        default="",
        show_default=False,
        err=True,
    )
    if answer != stage.name:
        raise Cancelled("nothing was removed")
