"""`sundog run`: any program, with what is bound to the app's functions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(300)]


@pytest.fixture
def run(shared_dev):
    """Run a Python program through `sundog run`, as somebody with an account of their own."""

    def run(program, *options, **variables):
        command = [sys.executable, "-m", "sundog", "run", *options, "--", sys.executable, "-c", program]
        environ = os.environ | {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "x"} | variables
        return subprocess.run(
            command, cwd=shared_dev.root, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_a_program_reads_and_writes_what_is_bound(run, shared_dev):
    done = run(
        "from sundog_runtime import resources\n"
        "note = {'userId': 'run', 'noteId': '01KB0000000000000000000000', 'title': 'from outside'}\n"
        "resources.notes.table.put_item(Item=note)\n"
        "print(sorted(resources))\n"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "['notes', 'reminders']\n"
    status, page = shared_dev.request("GET", "/notes", user="run")
    assert (status, [note["title"] for note in page["notes"]]) == (200, ["from outside"])


def test_as_a_function_it_has_its_variables_and_its_role(run):
    done = run(
        "import boto3, json, os\n"
        "from sundog_runtime import resources\n"
        "arn = boto3.client('sts').get_caller_identity()['Arn']\n"
        "print(json.dumps([arn, sorted(resources), 'AWS_PROFILE' in os.environ, os.environ['SUNDOG_STAGE']]))\n",
        "--function",
        "send",
    )

    assert done.returncode == 0, done.stderr
    arn, bound, has_profile, stage = json.loads(done.stdout)
    assert "assumed-role/local-notes-backend-send" in arn
    assert (bound, has_profile, stage) == (["notes"], False, "local")


def test_its_exit_code_is_the_programs(run):
    assert run("import sys; sys.exit(41)").returncode == 41


def test_a_signal_reaches_the_program(shared_dev):
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "print('waiting', flush=True)\n"
        "signal.pause()\n"
    )
    command = [sys.executable, "-m", "sundog", "run", sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=shared_dev.root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 7


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--function", "sent", "--", "true"], "has no function `sent`"),
        (["--", "no-such-program"], "`no-such-program` was not found"),
        ([], "`sundog run` was given no command"),
    ],
)
def test_a_mistake_is_named(shared_dev, arguments, message):
    done = subprocess.run(
        [sys.executable, "-m", "sundog", "run", *arguments],
        cwd=shared_dev.root,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 2
    assert message in done.stderr
