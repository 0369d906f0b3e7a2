"""A session that is killed or interrupted at the worst moments leaves nothing behind, and the next start works."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]


def listens(url):
    parts = urlsplit(url)
    with socket.socket() as connection:
        connection.settimeout(2)
        return connection.connect_ex((parts.hostname, parts.port)) == 0


@pytest.fixture
def ends_clean(still_alive, left_behind, waiting):
    """Checks that of a session that has ended no process and no port is left."""

    def check(dev, family):
        waiting(lambda: not still_alive(family), lambda: f"left behind: {still_alive(family)}")
        waiting(lambda: not left_behind(dev.root), lambda: f"left behind: {left_behind(dev.root)}")
        for event in dev.events:
            if event["type"] == "SessionReady":
                assert not listens(event["endpoint_url"])

    return check


def test_a_session_killed_in_mid_request(fresh_trials, start_dev, hold, echo, ends_clean, connection_fails):
    dev = start_dev(fresh_trials()).wait_until_ready()
    held = hold(dev)
    family = dev.family()

    dev.process.kill()
    dev.wait()
    try:
        status, _ = held.answer.result(60)
    except connection_fails:
        status = None
    ends_clean(dev, family)

    assert status in {None, 500, 502, 503}

    second = start_dev(dev.root).wait_until_ready()

    assert echo(second)["id"] == "x"


def test_ctrl_c_during_a_request(fresh_trials, start_dev, hold, echo, ends_clean, connection_fails):
    dev = start_dev(fresh_trials()).wait_until_ready()
    held = hold(dev)
    family = dev.family()

    code = dev.interrupt()
    try:
        status, _ = held.answer.result(60)
    except connection_fails:
        status = None
    ends_clean(dev, family)

    assert code == 130, dev.output
    assert status in {None, 500, 502, 503}
    assert echo(start_dev(dev.root).wait_until_ready())["id"] == "x"


def test_ctrl_c_during_the_first_synth_and_then_during_the_deploy(
    fresh_trials, start_dev, echo, ends_clean, waiting
):
    root = fresh_trials()
    shutil.rmtree(root / ".sundog")
    first = start_dev(root)
    first.wait_for("SynthStarted", seconds=60)
    family = waiting(
        lambda: any("synth_worker" in command for command in first.family().values()) and first.family(),
        lambda: first.output,
    )

    code = first.interrupt()
    ends_clean(first, family)

    assert code == 130, first.output

    second = start_dev(root)
    second.wait_for("DeployStarted", seconds=120)
    family = second.family()
    code = second.interrupt()
    ends_clean(second, family)

    assert code == 130, second.output
    assert not [event for event in second.events if event["type"] == "SessionReady"]

    third = start_dev(root).wait_until_ready()

    assert echo(third)["id"] == "x"
    assert third.wait_for("SynthFinished")["origin"] == "cache"


def test_ctrl_c_while_the_emulator_is_installed(fresh_trials, start_dev, echo, ends_clean, tmp_path, waiting):
    root, cache = fresh_trials(), tmp_path / "cache"
    first = start_dev(root, environ={"SUNDOG_CACHE_DIR": str(cache)})
    family = waiting(
        lambda: cache.exists() and any(cache.rglob("pyvenv.cfg")) and first.family(),
        lambda: f"no environment is made: {first.output}",
        seconds=60,
    )

    code = first.interrupt()
    ends_clean(first, family)

    assert code == 130, first.output

    second = start_dev(root, environ={"SUNDOG_CACHE_DIR": str(cache)}).wait_until_ready()

    assert echo(second)["id"] == "x"


def test_a_second_ctrl_c_does_not_leave_anything_either(fresh_trials, start_dev, hold, ends_clean):
    dev = start_dev(fresh_trials()).wait_until_ready()
    hold(dev)
    family = dev.family()

    dev.process.send_signal(signal.SIGINT)
    dev.process.send_signal(signal.SIGINT)
    code = dev.wait()
    ends_clean(dev, family)

    assert code in {130, -signal.SIGINT}, dev.output


def test_the_terminal_sends_ctrl_c_to_all_processes_of_the_group(fresh_trials, start_dev, echo, ends_clean):
    dev = start_dev(fresh_trials()).wait_until_ready()
    echo(dev)
    family = dev.family()

    os.killpg(dev.process.pid, signal.SIGINT)
    code = dev.wait()
    ends_clean(dev, family)

    assert code == 130, dev.output
    assert "Traceback" not in dev.output
