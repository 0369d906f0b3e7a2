"""`sundog dev`."""

from __future__ import annotations

import time
from importlib import metadata

import anyio
import click

from sundog.cli.concurrency import run_async
from sundog.cli.here import Here
from sundog.cli.names import FunctionNames
from sundog.cli.options import command

_TICK_SECONDS = 0.1


@command("dev")
@click.option(
    "--debug", is_flag=True, help="Let an editor attach: breakpoints stop the function, and its timeout."
)
@click.option(
    "--debug-port", type=click.IntRange(1, 65535), metavar="PORT", help="Where the editor attaches."
)
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="PORT", help="Where the embedded cloud listens."
)
@click.option("--reset", is_flag=True, help="Forget the local stage's data before starting.")
def dev(here: Here, *, debug: bool, debug_port: int | None, port: int | None, reset: bool) -> None:
    """Run the app live: edits are served in milliseconds.

    It serves the stage `local` on this machine and needs no AWS account. Other stages live in AWS: `sundog deploy --stage
    NAME`.
    """
    project = here.project()
    stage = here.stage(project)

    from sundog.session.dev import run_dev
    from sundog.session.options import DevOptions

    options = DevOptions(debug=debug or debug_port is not None, debug_port=debug_port, port=port, reset=reset)
    if here.output.as_json:
        from sundog.cli.render.json_lines import event_object

        def print_json(event: object) -> None:
            here.output.json(event_object(event))  # type: ignore[arg-type]

        run_async(lambda: run_dev(project, stage, observer=print_json, options=options), here.output)
        return

    from sundog.cli.render.dev import DevLines

    lines = DevLines(
        app=project.settings.name,
        version=metadata.version("sundog"),
        name_of=FunctionNames(project.assembly_dir(stage.name)),
        width=here.output.width,
        verbosity=here.output.verbosity,
        every_resource=not stage.is_local,
        root=str(project.root),
    )

    async def serve() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await run_dev(project, stage, observer=show, options=options)
            tasks.cancel_scope.cancel()

    async def tick() -> None:
        while True:
            await anyio.sleep(_TICK_SECONDS)
            here.output.talk_lines(lines.tick(time.time()))

    def show(event: object) -> None:
        here.output.talk_lines(lines.feed(event))  # type: ignore[arg-type]

    run_async(serve, here.output)
