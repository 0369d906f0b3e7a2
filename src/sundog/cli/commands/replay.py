"""`sundog replay`."""

from __future__ import annotations

import click

from sundog.cli.concurrency import run_async
from sundog.cli.errors import EventNotReplayable
from sundog.cli.functions import find_function, manifest_of
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.recorded import recorded_on
from sundog.cli.saved_events import read_event
from sundog.store.queries import StoredInvocation, StoreReader


@command("replay")
@click.argument("request_id", metavar="REQUEST-ID")
@click.option(
    "--event", "wanted_event", metavar="FILE|NAME|-", help="Send this event instead of the recorded one."
)
def replay(here: Here, request_id: str, wanted_event: str | None) -> None:
    """Send a recorded event to its function again.

    REQUEST-ID may be its first characters, or `last`. The event runs today's code; the result is shown as by `sundog invoke`.
    """
    project, stage = here.place()
    manifest = manifest_of(project, stage)
    again = f"sundog invoke FUNCTION --event FILE --stage {stage.name} --region {stage.region}"
    with recorded_on(project, stage, instead=f"send an event of your own: `{again}`") as store:
        recorded = store.invocation(request_id)
        payload = (
            _recorded_event(here, store, recorded)
            if wanted_event is None
            else read_event(wanted_event, project, here.cwd)
        )
    entry = find_function(manifest, recorded.function)
    here.output.talk((f"replaying {recorded.request_id} of {entry.name}", "dim"))

    from sundog.cli.render.results import show_result
    from sundog.session.commands import run_invoke

    result = run_async(
        lambda: run_invoke(project, stage, entry, payload, asynchronous=False, client_context=None),
        here.output,
    )
    show_result(here.output, entry, result, asynchronous=False)


def _recorded_event(here: Here, store: StoreReader, recorded: StoredInvocation) -> bytes:
    stored = store.payload(recorded.input)
    if stored is None:
        return b"{}"
    if stored.truncated:
        raise EventNotReplayable(
            f"the event of `{recorded.request_id}` cannot be sent again",
            why=f"it has {stored.size:,} bytes, of which only the beginning is kept",
            fix=f"save it as a file and run `sundog replay {recorded.request_id} --event FILE`",
        )
    if stored.redacted:
        here.output.talk(
            ("note: ", "cyan"),
            "secrets in the recorded event were replaced by [redacted] before it was stored",
        )
    return stored.body
