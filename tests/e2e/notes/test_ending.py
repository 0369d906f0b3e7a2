"""However a session ends, no process and no port is left, the data is kept, and the next start works."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import urllib.error
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(400)]

SNAPSHOT_SECONDS = 30
"""Within this time what was written is in a snapshot."""


def listens(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as connection:
        connection.settimeout(2)
        return connection.connect_ex((parts.hostname, parts.port)) == 0


def test_ctrl_c_ends_everything_and_the_next_start_has_the_data(start_dev, still_alive, waiting):
    first = start_dev().wait_until_ready()
    _, note = first.request("POST", "/notes", {"title": "kept"})
    family, endpoint = first.family(), first.ready["endpoint_url"]

    code = first.interrupt()

    assert code in {0, 130}, first.output
    assert "Traceback" not in first.output
    waiting(lambda: not still_alive(family), lambda: f"left behind: {still_alive(family)}")
    assert not listens(endpoint)

    second = start_dev(first.root).wait_until_ready()

    assert second.request("GET", f"/notes/{note['noteId']}") == (200, note)
    assert second.ready["endpoint_url"] == endpoint
    assert second.wait_for("SynthFinished")["origin"] == "cache"


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_end_everything_too(start_dev, still_alive, waiting, by):
    dev = start_dev().wait_until_ready()
    family = dev.family()

    dev.process.send_signal(by)
    dev.wait()

    waiting(lambda: not still_alive(family), lambda: f"left behind: {still_alive(family)}")
    assert not listens(dev.ready["endpoint_url"])


def test_after_a_kill_nothing_is_left_and_the_next_start_works(start_dev, still_alive, waiting, files_below):
    first = start_dev().wait_until_ready()
    _, note = first.request("POST", "/notes", {"title": "kept"})
    family = first.family()
    state = first.root / ".sundog" / "local"

    def newest(folder):
        return max((found.st_mtime_ns for found in files_below(folder).values()), default=0)

    written = newest(state)
    waiting(
        lambda: newest(state / "cloud") > written,
        lambda: f"no snapshot was written within {SNAPSHOT_SECONDS} s:\n{first.output}",
        seconds=SNAPSHOT_SECONDS,
    )

    first.process.kill()
    first.wait()

    waiting(lambda: not still_alive(family), lambda: f"left behind: {still_alive(family)}")

    second = start_dev(first.root).wait_until_ready()

    assert second.request("GET", "/notes")[0] == 200
    assert second.request("GET", f"/notes/{note['noteId']}") == (200, note)


@pytest.mark.parametrize("part", ["live/worker/child", "live/node/client", "embedded-cloud", "synth_worker"])
def test_a_killed_part_is_replaced_and_the_session_serves_on(start_dev, waiting, still_alive, part):
    dev = start_dev().wait_until_ready()
    assert dev.request("GET", "/notes")[0] == 200
    assert dev.request("GET", "/badge")[0] == 200
    victims = {pid: command for pid, command in dev.family().items() if part in command}

    for pid in victims:
        with suppress(ProcessLookupError):  # it ended with its parent
            os.kill(pid, signal.SIGKILL)
    waiting(lambda: not still_alive(victims), lambda: f"still there: {still_alive(victims)}")

    assert victims
    waiting(lambda: answers(dev, "/notes") and answers(dev, "/badge"), lambda: dev.output)
    assert dev.process.poll() is None, dev.output


def answers(dev, path):
    try:
        return dev.request("GET", path)[0] == 200
    except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
        return False


def test_a_second_session_in_the_same_folder_is_refused(start_dev):
    first = start_dev().wait_until_ready()

    second = start_dev(first.root)
    code = second.wait(60)

    assert code == 5, second.output
    assert str(first.process.pid) in second.output
    assert first.request("GET", "/notes")[0] == 200


def test_two_apps_run_side_by_side(start_dev):
    first, second = start_dev(), start_dev()
    first.wait_until_ready()
    second.wait_until_ready()

    _, note = first.request("POST", "/notes", {"title": "only in the first"})

    assert first.ready["endpoint_url"] != second.ready["endpoint_url"]
    assert second.request("GET", f"/notes/{note['noteId']}")[0] == 404
