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

    def __init__(self, output: Output, project: Project, stage: Stage) -> None:
        self._output = output
        self._outputs: dict[str, dict[str, str]] = {}
        self._lines = DevLines(
            app=project.settings.name,
            version=metadata.version("sundog"),
            name_of=FunctionNames(project.assembly_dir(stage.name)),
            width=output.width,
            verbosity=output.verbosity,
            every_resource=True,
            show_unchanged=True,
        )

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, StackFinished) and event.outputs:
            self._outputs[event.stack] = event.outputs
        if self._output.as_json:
            self._output.json(event_object(event))
        elif not isinstance(event, DeployFinished | SynthFailed):
            # Why these failed is raised as well, and shown as the command's error.
            self._output.talk_lines(self._lines.feed(event))

    def show_outputs(self) -> None:
        """Write the stacks' outputs to stdout, as `name=value`."""
        if self._output.as_json:
            return
        for outputs in self._outputs.values():
            for name, value in outputs.items():
                self._output.data(f"{name}={value}")
