"""`sundog run`: any program, with what is bound to the app's functions."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from sundog.model.project import find_project

pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(300)]


@pytest.fixture
def sundog_run(shared_dev):
    """`sundog run` beside the session, as somebody with an account of their own."""

    def run(*arguments, cwd=shared_dev.root):
        return subprocess.run(
            [sys.executable, "-m", "sundog", "run", *arguments],
            cwd=cwd,
            env=os.environ | {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "x"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def run(sundog_run):
    """Run a Python program through `sundog run`."""
    return lambda program, *options: sundog_run(*options, "--", sys.executable, "-c", program)


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


def test_a_program_that_a_signal_has_killed_ends_so_for_the_caller(run):
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)").returncode == -signal.SIGKILL


@pytest.fixture
def waiting_program(shared_dev):
    """A program that says when it waits, in a session of its own, as a terminal starts one."""
    program = (
        "import signal, sys\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
        "try:\n"
        "    print('waiting', flush=True)\n"
        "    signal.pause()\n"
        "except KeyboardInterrupt:\n"
        "    print('cleaned up', flush=True)\n"
        "    sys.exit(8)\n"
    )
    command = [sys.executable, "-m", "sundog", "run", sys.executable, "-c", program]
    with subprocess.Popen(
        command, cwd=shared_dev.root, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        yield process
        process.kill()


def test_a_signal_reaches_the_program(waiting_program):
    waiting_program.send_signal(signal.SIGTERM)

    assert waiting_program.wait(30) == 7


def test_ctrl_c_is_the_programs(waiting_program):
    # A terminal sends it to all processes in front: there is the program alone.
    os.killpg(waiting_program.pid, signal.SIGINT)

    assert (waiting_program.wait(30), waiting_program.stdout.read()) == (8, "cleaned up\n")


@pytest.mark.parametrize("number", [signal.SIGPIPE, signal.SIGINT], ids=str)
def test_the_program_dies_of_signals_that_python_handles_as_it_does_without_sundog(sundog_run, number):
    done = sundog_run("sh", "-c", f"kill -{int(number)} $$; echo survived")

    assert (done.returncode, done.stdout) == (-number, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--function", "sent", "--", "true"], "has no function `sent`"),
        (["--", "no-such-program"], "`no-such-program` was not found"),
        (["--", "./pyproject.toml"], "`./pyproject.toml` was not found"),
        ([], "`sundog run` was given no command"),
    ],
)
def test_a_mistake_is_named(sundog_run, arguments, message):
    done = sundog_run(*arguments)

    assert done.returncode == 2
    assert message in done.stderr


def test_a_script_that_names_no_interpreter_is_told(sundog_run, tmp_path):
    script = tmp_path / "import-notes"
    script.write_text("print('imported')\n")
    script.chmod(0o755)
    done = sundog_run(script)

    assert done.returncode == 2
    told = " ".join(done.stderr.split())
    assert f"`{script}` cannot be started" in told
    assert "a script needs a first line that names its interpreter: `#!/bin/sh`" in told


def test_without_a_session_it_says_what_to_start(shared_dev, sundog_run, copy_of_notes):
    root = copy_of_notes()
    assembly = find_project(shared_dev.root).assembly_dir("local")
    shutil.copytree(assembly, find_project(root).assembly_dir("local"))
    done = sundog_run("--", "echo", "ran", cwd=root)

    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing runs `notes` on this machine" in done.stderr
    assert "start `sundog dev` in another terminal, then run this again" in done.stderr
