"""The dev server of a site: how it is started, what it says, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys

import anyio
import pytest

from sundog.live.worker.supervisor_link import SupervisorLink
from sundog.model.events import Notice, SiteOutput
from sundog.session.dev_server import DevServer


@pytest.fixture
def serve(tmp_path):
    """Runs a command as a site's dev server until it gives up, or until it has written a line."""

    def run(command, *, until=None):
        events = []

        async def main():
            supervisor = SupervisorLink(
                sys.executable,
                environ=dict(os.environ),
                start_method="spawn",
                log_file=tmp_path / "workers.log",
                on_preloaded=lambda _: None,
                on_lost=lambda: None,
            )
            supervisor.start()

            def observe(event):
                events.append(event)
                if isinstance(event, SiteOutput) and event.text == until:
                    scope.cancel()

            server = DevServer(
                name="web",
                command=command,
                folder=tmp_path,
                environ={**os.environ, "API_URL": "http://api"},
                spawn=supervisor.spawn,
                observer=observe,
                pause_seconds=0.01,
            )
            with anyio.CancelScope() as scope:
                await server.run()
            supervisor.close()
            await supervisor.closed()

        anyio.run(main)
        return events

    return run


def test_a_command_that_ends_at_once_is_tried_three_times_and_then_said_to_fail(serve):
    events = serve("echo no such script >&2; exit 4")
    notices = [event for event in events if isinstance(event, Notice)]

    assert [event.text for event in events if isinstance(event, SiteOutput)] == ["no such script"] * 3
    assert [notice.level for notice in notices] == ["warning", "warning", "error"]
    assert notices[-1].text == (
        "the dev server of the site `web` ended with status 4 3 times in a row, and is not started again"
    )


def test_all_that_it_started_ends_with_it(serve, tmp_path):
    (tmp_path / "child.sh").write_text(
        "trap '' TERM\necho $$ > child.pid\necho up $API_URL\nwhile :; do sleep 1; done\n"
    )
    serve("sh child.sh & wait", until="up http://api")
    child = int((tmp_path / "child.pid").read_text())

    # A zombie, which nobody has waited for where process 1 does not, has ended as well.
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(child)], capture_output=True, text=True, check=False
    )
    assert shown.stdout.strip()[:1] in {"", "Z"}
