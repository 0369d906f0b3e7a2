"""`sundog coldstart`."""

from __future__ import annotations

import click

from sundog.cli.concurrency import run_async
from sundog.cli.functions import find_function, manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command


@command("coldstart")
@click.argument("function")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MS",
    help="Fail when the import takes longer: for CI.",
)
def coldstart(here: Here, function: str, budget: float | None) -> None:
    """Show what a function's cold start is made of, and what to change first.

    FUNCTION is its name, its id or its handler. Its module is imported as Lambda does, in the function's interpreter, with
    its environment variables when `sundog dev` or the stage on AWS knows them.
    """
    project, stage = here.place()
    manifest = manifest_of(project, stage)
    entry = find_function(manifest, function)

    from sundog.cli.render.coldstart import refuse_over_budget, show_cold_start
    from sundog.session.coldstart import run_coldstart

    found = run_async(lambda: run_coldstart(project, stage, manifest, entry), here.output)
    show_cold_start(here.output, found, is_local=stage.is_local)
    refuse_over_budget(found, budget)
