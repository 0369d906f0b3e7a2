"""`sundog build`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.regions import in_each_region

if TYPE_CHECKING:
    from sundog.cli.render.progress import Progress
    from sundog.model.project import Project, Stage


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

    The result is a cloud assembly that `npx cdk deploy --app FOLDER` can deploy too. A stage with several regions gets one for each,
    below the name of the region.
    """
    places = here.places()

    from sundog.session.commands import run_build

    def target(project: Project, stage: Stage) -> Path:
        if to_folder is None:
            return project.stage_dir(stage.name) / "build"
        return here.cwd / to_folder / stage.region if len(places) > 1 else here.cwd / to_folder

    def show(progress: Progress, folder: Path) -> None:
        if here.output.as_json:
            region = {} if progress.region is None else {"region": progress.region}
            here.output.json({"type": "Built", "folder": str(folder), **region})
        else:
            here.output.data(places[0][0].relative(folder))

    in_each_region(
        here,
        places,
        lambda project, stage, progress: run_build(
            project, stage, observer=progress, to=target(project, stage)
        ),
        finished=show,
    )
