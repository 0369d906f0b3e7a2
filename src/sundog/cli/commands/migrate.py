"""`sundog migrate`."""

from __future__ import annotations

import click

from sundog.cli.errors import InvalidArgument
from sundog.cli.functions import manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import in_each_region


@command("migrate")
@click.option("--list", "shows", is_flag=True, help="Show what has run and what has not, and change nothing.")
@click.option("--down", is_flag=True, help="Undo the last one that ran, by its `.down.sql` file.")
@click.option("--redo", is_flag=True, help="Undo the last one that ran, and run it as its file is now.")
@click.option("--to", metavar="NAME", help="Run or undo until this one is the last that has run.")
@click.option("--database", metavar="ID", help="Only this one of the app's databases.")
def migrate(here: Here, *, shows: bool, down: bool, redo: bool, to: str | None, database: str | None) -> None:
    """Run the migrations that databases do not have yet, or undo some.

    A deploy runs them by itself, after the stacks are up to date; this is for what was added since, and for deploys by
    other tools. Each file runs once, in the order of the names, in a transaction.
    """
    given = [
        name for name, on in (("--list", shows), ("--down", down), ("--redo", redo), ("--to", bool(to))) if on
    ]
    if len(given) > 1:
        raise InvalidArgument(
            f"`{given[0]}` and `{given[1]}` do not go together",
            why="a run of the command does one of them",
            fix=f"run it twice: `sundog migrate {given[0]}` first",
        )
    places = here.places()

    from sundog.cli.render.migrations import show_states
    from sundog.session.migrations import MigrationTask, run_migrations

    action = given[0].removeprefix("--") if given else "up"
    task = MigrationTask(action=action, name=to or "", database=database)
    in_each_region(
        here,
        places,
        lambda project, stage, progress: run_migrations(
            project, stage, manifest_of(project, stage), task, observer=progress
        ),
        finished=lambda _, states: show_states(here.output, states) if shows else None,
    )
