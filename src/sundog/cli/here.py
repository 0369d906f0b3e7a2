"""What every command is given: where it runs, what it was told, where it writes.

Dataclasses, because msgspec takes as long to import as `sundog --help` may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sundog.cli.render.output import Output

if TYPE_CHECKING:
    from sundog.model.project import Project, Stage


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """The process that the command runs in."""

    environ: Mapping[str, str]
    cwd: Path
    output: Output


@dataclass(frozen=True, kw_only=True)
class Here:
    """The surroundings and the options that all commands share."""

    surroundings: Surroundings
    stage_name: str | None
    region: str | None
    profile: str | None

    @property
    def output(self) -> Output:
        """Where to write."""
        return self.surroundings.output

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables."""
        return self.surroundings.environ

    @property
    def cwd(self) -> Path:
        """The folder the command was started in."""
        return self.surroundings.cwd

    def project(self) -> Project:
        """Return the project around the current folder, with the state of the region that `--region` names.

        Raises:
            ConfigError: There is none, or its settings are wrong.
        """
        from sundog.model.project import find_project

        return find_project(self.cwd).in_region(self.stage_name, self.region)

    def place(self) -> tuple[Project, Stage]:
        """Return the stage in its one region, or in the one that `--region` names.

        Raises:
            ConfigError: There is no project, or its settings or the options are wrong.
            RegionNotNamed: The stage has several regions, and the options name none.
        """
        places = self.places()
        if len(places) > 1:
            from sundog.cli.errors import RegionNotNamed

            regions = [stage.region for _, stage in places]
            raise RegionNotNamed(
                f"the stage `{places[0][1].name}` has {len(regions)} regions, and this works in one",
                why=f"they are {', '.join(regions)}",
                fix=f"add `--region {regions[0]}`, or the name of another",
            )
        return places[0]

    def places(self) -> list[tuple[Project, Stage]]:
        """Return the stage in each of its regions, or in the one that `--region` names.

        Raises:
            ConfigError: There is no project, or its settings or the options are wrong.
        """
        project = self.project()
        self.stage(project)
        regional = [replace(self, region=one) for one in project.regions(self.stage_name, self.region)]
        return [(one.project(), one.stage(project)) for one in regional]

    def stage(self, project: Project) -> Stage:
        """Return the stage that the options name.

        Raises:
            InvalidName: It cannot be a stage's name.
            InvalidArgument: `--stage` is empty, as an unset variable of a shell makes it.
        """
        if self.stage_name == "":
            from sundog.cli.errors import InvalidArgument

            raise InvalidArgument(
                "`--stage` is empty",
                why="a variable of the shell that is not set leaves nothing, and the default stage may not be meant",
                fix="name a stage, or leave the option out for the stage `local`",
            )
        return project.stage(self.stage_name, region=self.region, profile=self.profile)
