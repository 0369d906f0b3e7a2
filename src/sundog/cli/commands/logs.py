"""`sundog logs`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from sundog.cli.errors import NotDeployed
from sundog.cli.functions import find_function, manifest_of
from sundog.cli.here import Here
from sundog.cli.moments import moment
from sundog.cli.options import command
from sundog.cli.recorded import recorded_on
from sundog.cli.render.logs import LogPrinter
from sundog.store.database import NoStore
from sundog.store.queries import reading

_POLL_SECONDS = 0.2
_DEFAULT_LINES = 200


@command("logs")
@click.argument("function", required=False)
@click.option("-f", "--follow", is_flag=True, help="Go on showing new lines until Ctrl-C.")
@click.option("--since", metavar="TIME", help="Not older than this: 30s, 10m, 2h, 1d, or an ISO 8601 time.")
@click.option("--grep", metavar="REGEX", help="Only lines that match this regular expression.")
@click.option("--invocation", metavar="ID", help="Only of this request id, its first characters, or `last`.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(1, 1_000_000),
    default=_DEFAULT_LINES,
    show_default=True,
    help="The most lines to begin with.",
)
def logs(
    here: Here,
    function: str | None,
    *,
    follow: bool,
    since: str | None,
    grep: str | None,
    invocation: str | None,
    lines: int,
) -> None:
    """Show and search what functions logged.

    FUNCTION is its name, its id or its handler; without it, the lines of all functions are shown, oldest first.
    """
    project, stage = here.place()
    names: dict[str, str] = {}
    functions: tuple[str, ...] = ()
    try:
        manifest = manifest_of(project, stage)
        names = {entry.id: entry.name for entry in manifest.functions}
    except NotDeployed:
        if function is not None:
            raise
    else:
        functions = (find_function(manifest, function).id,) if function is not None else ()
    started = moment(since, now=time.time()) if since else None
    printer = LogPrinter(here.output, names)
    database = project.events_db(stage.name)
    if follow and stage.is_local:
        _wait_for_store(database, here)
    instead = f"read the functions' log groups: `aws logs tail GROUP --region {stage.region}`"
    with recorded_on(project, stage, instead=instead) as store:
        request_id = store.invocation(invocation).request_id if invocation else None
        shown = store.logs(functions=functions, since=started, grep=grep, request_id=request_id, limit=lines)
        printer.show(shown)
        cursor = shown[-1].id if shown else 0
        if not shown and not follow:
            printer.say_none(filtered=bool(functions or since or grep or invocation))
    if follow:
        _follow(database, printer, functions, grep, request_id, cursor)


def _wait_for_store(database: Path, here: Here) -> None:
    said = False
    while True:
        try:
            with reading(database):
                return
        except NoStore:
            if not said:
                here.output.talk(("waiting for `sundog dev` to record something", "dim"))
                said = True
            time.sleep(_POLL_SECONDS)


def _follow(
    database: Path,
    printer: LogPrinter,
    functions: Sequence[str],
    grep: str | None,
    request_id: str | None,
    cursor: int,
) -> None:
    # The connection is opened anew each time: a session may have moved the file aside and begun another.
    while True:
        try:
            with reading(database) as store:
                cursor = min(cursor, store.newest_log())
                lines = store.logs(functions=functions, grep=grep, request_id=request_id, after=cursor)
        except NoStore:
            lines = []
        printer.show(lines)
        cursor = lines[-1].id if lines else cursor
        if not lines:
            time.sleep(_POLL_SECONDS)
