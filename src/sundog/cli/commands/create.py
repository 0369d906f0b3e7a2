"""`sundog create`."""

from __future__ import annotations

import click

from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.scaffold import create_app, templates


@command("create")
@click.argument("name", required=False)
@click.option(
    "--template", default="api", show_default=True, metavar="NAME", help=f"One of: {', '.join(templates())}."
)
@click.option("--force", is_flag=True, help="Add to a folder that has files; none of them is changed.")
def create(here: Here, name: str | None, *, template: str, force: bool) -> None:
    """Start a new app from a template.

    NAME is the folder to make and the app's name; without it, the app is made in the current folder.
    """
    folder = (here.cwd / name) if name else here.cwd
    created = create_app(folder, template=template, force=force)
    if here.output.as_json:
        here.output.json(
            {
                "type": "Created",
                "name": created.name,
                "folder": str(folder),
                "files": created.files,
                "kept": created.kept,
            }
        )
        return
    for file in created.files:
        here.output.talk(("✓ ", "green"), file)
    for file in created.kept:
        here.output.talk(("· ", "dim"), file, ("  kept as it is", "dim"))
    here.output.talk()
    here.output.talk((f"{created.name} is ready. ", "bold"), "Next:")
    here.output.talk()
    steps = [f"cd {name}"] if name else []
    for step in [*steps, "sundog dev"]:
        here.output.talk("  ", (step, "cyan"))
