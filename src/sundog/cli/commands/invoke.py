"""`sundog invoke`."""

from __future__ import annotations

import click

from sundog.cli.concurrency import run_async
from sundog.cli.functions import find_function, manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.saved_events import read_event


@command("invoke")
@click.argument("function")
@click.option(
    "--event", "wanted_event", metavar="FILE|NAME|-", help="A file, a saved event in events/, or stdin."
)
@click.option("--async", "asynchronous", is_flag=True, help="Queue the event and do not wait for the result.")
@click.option("--client-context", metavar="JSON", help="Given to the handler as context.client_context.")
def invoke(
    here: Here, function: str, wanted_event: str | None, *, asynchronous: bool, client_context: str | None
) -> None:
    """Call a function and show its result and its logs.

    FUNCTION is its name, its id or its handler. The result goes to stdout, logs and errors to stderr; the exit code is 1
    when the function failed.
    """
    project, stage = here.place()
    entry = find_function(manifest_of(project, stage), function)
    payload = read_event(wanted_event, project, here.cwd, asynchronous=asynchronous)

    from sundog.cli.render.results import show_result
    from sundog.session.commands import run_invoke

    result = run_async(
        lambda: run_invoke(
            project, stage, entry, payload, asynchronous=asynchronous, client_context=client_context
        ),
        here.output,
    )
    show_result(here.output, entry, result, asynchronous=asynchronous)
