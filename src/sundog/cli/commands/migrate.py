"""`sundog migrate`."""

from __future__ import annotations

from sundog.cli.functions import manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import in_each_region


@command("migrate")
def migrate(here: Here) -> None:
    """Run the migrations that databases do not have yet.

    A deploy does that by itself, after the stacks are up to date; this is for what was added since, and for deploys by
    other tools. Each file runs once, in the order of the names, in a transaction.
    """
    places = here.places()

    from sundog.session.commands import run_migrate

    in_each_region(
        here,
        places,
        lambda project, stage, progress: run_migrate(
            project, stage, manifest_of(project, stage), observer=progress
        ),
    )
