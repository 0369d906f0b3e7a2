"""`kill -9` of a part of a session, while a request is under way: the rest goes on, and the next request is served."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]


def process_of(dev, word):
    return next(pid for pid, command in dev.family().items() if word in command)


def test_a_killed_worker_fails_its_own_request_and_no_other(trials, hold):
    doomed, other = hold(trials), hold(trials)
    mark = trials.mark()

    os.kill(doomed.process_id, signal.SIGKILL)
    status, _ = doomed.answer.result(30)
    finished = trials.wait_for("InvocationFinished", since=mark, where=lambda event: event["outcome"] != "ok")
    other.release()

    assert status == 500
    assert finished["outcome"] == "crash"
    assert finished["error"]["error_type"] == "Runtime.ExitError"
    assert "signal: killed" in finished["error"]["message"]
    assert other.answer.result(30)[0] == 200

    again = hold(trials)
    again.release()

    assert again.answer.result(30)[0] == 200


def test_a_caller_of_lambda_gets_its_error_when_the_worker_is_killed(trials, tmp_path, waiting):
    event = json.dumps({"queryStringParameters": {"folder": str(tmp_path)}})
    with subprocess.Popen(
        [sys.executable, "-m", "sundog", "invoke", "hold", "--event", "-"],
        cwd=trials.root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as caller:
        caller.stdin.write(event)
        caller.stdin.close()
        caller.stdin = None
        begun = tmp_path / "begun"
        waiting(begun.exists, lambda: trials.output)
        os.kill(int(begun.read_text()), signal.SIGKILL)
        stdout, stderr = caller.communicate(timeout=60)

    assert caller.returncode == 1
    assert json.loads(stdout)["errorType"] == "Runtime.ExitError", stdout + stderr


def test_a_killed_zygote_is_replaced(trials, echo, waiting):
    echo(trials)
    zygote = process_of(trials, " supervisor ")

    os.kill(zygote, signal.SIGKILL)
    waiting(lambda: zygote not in trials.family(), lambda: str(trials.family()))
    mark = trials.mark()
    trials.edit("functions/words.py", "word", "word after the zygote")
    trials.wait_for("FilesChanged", since=mark)

    assert echo(trials)["word"] == "word after the zygote 0"

    mark = trials.mark()
    trials.edit("functions/words.py", "word after the zygote", "word")
    trials.wait_for("FilesChanged", since=mark)


def holds(file, text):
    """Whether a snapshot, which may give way to the next one at any moment, has a text."""
    with suppress(FileNotFoundError):
        return text in file.read_text("utf-8", "replace")
    return False


def test_a_killed_emulator_is_started_again_with_its_data(
    trials, hold, echo, waiting, connection_fails, left_behind, files_below
):
    snapshots = trials.root / ".sundog" / "local" / "cloud" / "snapshots"
    trials.request("PUT", "/kept/one", b"before the kill")
    waiting(
        lambda: any(holds(file, "before the kill") for file in snapshots.glob("[0-9]*/dynamodb.json")),
        lambda: f"no snapshot has it: {list(files_below(snapshots))}",
        seconds=60,
    )
    held = hold(trials)
    emulator = process_of(trials, "sundog_launcher")
    mark = trials.mark()

    os.kill(emulator, signal.SIGKILL)
    notice = trials.wait_for("Notice", since=mark, where=lambda event: event["level"] == "warning")
    try:
        status, _ = held.answer.result(60)
    except connection_fails:
        status = None
    held.release()
    deployed = trials.wait_for("DeployFinished", since=mark, seconds=60)

    assert "started again" in notice["text"]
    assert status in {None, 500, 502, 503}
    assert deployed["ok"], deployed
    assert trials.request("GET", "/kept/one") == (200, {"text": "before the kill"})
    assert echo(trials)["id"] == "x"
    assert emulator not in left_behind(trials.root)


def test_an_edit_of_the_app_is_deployed_although_the_synth_process_is_killed(trials, echo, waiting):
    synth = waiting(
        lambda: next((pid for pid, command in trials.family().items() if "synth_worker" in command), None),
        lambda: f"no synth process waits: {trials.family()}",
        seconds=60,
    )
    mark = trials.mark()

    trials.edit("app.py", "ApiUrl=api.url", 'ApiUrl=api.url, First="1"')
    os.kill(synth, signal.SIGKILL)
    finished = trials.wait_for("DeployFinished", since=mark, seconds=90)
    outputs = trials.wait_for("StackFinished", since=mark)["outputs"]

    assert finished["ok"], finished
    assert outputs["First"] == "1"

    mark = trials.mark()
    trials.edit("app.py", ', First="1"', ', Second="2"')
    trials.wait_for("SynthStarted", since=mark)
    for pid, command in trials.family().items():
        if "synth_worker" in command:
            os.kill(pid, signal.SIGKILL)
    finished = trials.wait_for("DeployFinished", since=mark, seconds=90)
    outputs = trials.wait_for("StackFinished", since=mark)["outputs"]

    assert finished["ok"], finished
    assert (outputs.get("First"), outputs["Second"]) == (None, "2")
    assert echo(trials)["id"] == "x"
