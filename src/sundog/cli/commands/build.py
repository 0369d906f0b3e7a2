"""`sundog build`."""

from __future__ import annotations

from pathlib import Path

import click

from sundog.cli.concurrency import run_async
from sundog.cli.here import Here
from sundog.cli.options import command


@command("build")
@click.option(
    "--to",
    "to_folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Where the cloud assembly goes; the default is .sundog/<stage>/build.",
)
def build(here: Here, to_folder: Path | None) -> None:
    """Synthesize the app and build its functions, without deploying.

    The result is a cloud assembly that `npx cdk deploy --app FOLDER` can deploy too.
    """
    project = here.project()
    stage = here.stage(project)
    folder = here.cwd / to_folder if to_folder is not None else project.stage_dir(stage.name) / "build"

    from sundog.cli.render.progress import Progress
    from sundog.session.commands import run_build

    progress = Progress(here.output, project, stage)
    run_async(lambda: run_build(project, stage, observer=progress, to=folder), here.output)
    if here.output.as_json:
        here.output.json({"type": "Built", "folder": str(folder)})
    else:
        here.output.data(project.relative(folder))
