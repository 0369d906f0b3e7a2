"""The progress of `deploy`, `remove` and `build`: events as lines on stderr, or as JSON on stdout."""

from __future__ import annotations

from importlib import metadata

from sundog.cli.names import FunctionNames
from sundog.cli.render.dev import DevLines
from sundog.cli.render.json_lines import event_object
from sundog.cli.render.output import Output
from sundog.model.events import DeployFinished, Event, StackFinished, SynthFailed
from sundog.model.project import Project, Stage


class Progress:
    """An observer that prints, and remembers outputs for the end."""

    def __init__(self, output: Output, project: Project, stage: Stage, *, region: str | None = None) -> None:
        """Take where to write.

        Args:
            output: Where to write.
            project: The app's folder.
            stage: The stage that is worked on.
            region: Named with each output and event, when the stage has several.
        """
        self._output = output
        self.region = region
        self._outputs: dict[str, dict[str, str]] = {}
        self._lines = DevLines(
            app=project.settings.name,
            version=metadata.version("sundog"),
            name_of=FunctionNames(project.assembly_dir(stage.name)),
            width=output.width,
            verbosity=output.verbosity,
            every_resource=True,
            root=str(project.root),
            show_unchanged=True,
        )

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, StackFinished) and event.outputs:
            self._outputs[event.stack] = event.outputs
        if self._output.as_json:
            described = event_object(event)
            self._output.json(described if self.region is None else described | {"region": self.region})
        elif not isinstance(event, DeployFinished | SynthFailed):
            # Why these failed is raised as well, and shown as the command's error.
            self._output.talk_lines(self._lines.feed(event))

    def show_outputs(self) -> None:
        """Write the stacks' outputs to stdout, as `name=value`."""
        if self._output.as_json:
            return
        for outputs in self._outputs.values():
            for name, value in outputs.items():
                place = "" if self.region is None else f"{self.region}/"
                self._output.data(f"{place}{name}={value}")
