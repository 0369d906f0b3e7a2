from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time

import pytest

from sundog.model.events import LogWritten
from sundog.store.writer import StoreWriter

HEAVY = ("aws_cdk", "jsii", "boto3", "botocore", "starlette", "uvicorn", "rich")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["version"], ["logs", "--help"], ["nonsense"]], ids=" ".join
)
def test_quick_commands_import_nothing_heavy(environ, tmp_path, arguments):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sundog", *arguments],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    imported = {
        line.rpartition("|")[2].strip().partition(".")[0]
        for line in done.stderr.splitlines()
        if line.startswith("import time:")
    }

    assert "sundog" in imported
    assert imported.isdisjoint(HEAVY)


def test_help_needs_no_click(environ, tmp_path):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "sundog", "--help"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert " click" not in done.stderr
    assert done.stdout.startswith("Usage: sundog COMMAND")


def test_no_arguments_show_the_overview(sundog):
    assert sundog().stdout == sundog("--help").stdout == sundog("-h").stdout


def test_colour_only_when_it_is_wanted(sundog):
    assert "\x1b[" not in sundog("nonsense").stderr
    assert "\x1b[" in sundog("nonsense", FORCE_COLOR="1").stderr
    assert "\x1b[" not in sundog("nonsense", FORCE_COLOR="1", NO_COLOR="1").stderr


def test_an_ascii_terminal_is_written_in_ascii(sundog):
    done = sundog("create", "shop", PYTHONIOENCODING="ascii")

    assert done.returncode == 0
    assert done.stderr.startswith("+ .gitignore")


def test_versions_are_data(sundog):
    assert json.loads(sundog("version", "--json").stdout)["sundog"] == "0.1.0"


def test_explain_shows_the_page_of_a_code(sundog):
    done = sundog("explain", "sd-config-001")

    assert done.stdout.startswith("SD-CONFIG-001\n")
    assert "exit code 3" in done.stdout


def test_verbose_shows_causes_and_very_verbose_the_traceback(sundog, tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.sundog\n")
    plain, once, twice = (sundog("logs", *flags).stderr for flags in ([], ["-v"], ["-vv"]))

    assert "TOMLDecodeError" not in plain
    assert "from: TOMLDecodeError" in once
    assert "Traceback" not in once
    assert "Traceback (most recent call last)" in twice


@pytest.fixture
def recorded(project):
    path = project / ".sundog/local/events.db"
    with StoreWriter(path, notify=print, environ={}) as store:
        for number in range(5000):
            store(
                LogWritten(
                    at=1e9 + number,
                    function="b/one",
                    environment="e",
                    request_id=f"r{number % 7}",
                    stream="stdout",
                    text=f"line {number}",
                )
            )
    return project


def test_logs_are_shown_oldest_first(sundog, recorded):
    lines = sundog("logs", "-n", "3", cwd=recorded).stdout.splitlines()

    assert [line.rpartition("  ")[2] for line in lines] == ["line 4997", "line 4998", "line 4999"]
    assert lines[0].startswith("2001-09-09 03:09:57.000  b/one  ")


def test_logs_as_json_are_one_object_per_line(sundog, recorded):
    lines = sundog("logs", "--json", "--grep", "99$", "-n", "2", cwd=recorded).stdout.splitlines()

    assert [json.loads(line)["text"] for line in lines] == ["line 4899", "line 4999"]


def test_a_reader_that_goes_away_ends_the_command_quietly(environ, recorded):
    child = subprocess.Popen(
        [sys.executable, "-m", "sundog", "logs", "-n", "5000"],
        cwd=recorded,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child.stdout.readline()
    child.stdout.close()
    errors = child.stderr.read()
    child.stderr.close()

    assert child.wait(30) == 141
    assert errors == ""


def test_following_shows_new_lines_until_interrupted(environ, recorded):
    child = subprocess.Popen(
        [sys.executable, "-m", "sundog", "logs", "--follow", "-n", "1"],
        cwd=recorded,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout.readline().endswith("line 4999\n")
    with StoreWriter(recorded / ".sundog/local/events.db", notify=print, environ={}) as store:
        store(
            LogWritten(
                at=1.0, function="b/one", environment="e", request_id=None, stream="stdout", text="a new line"
            )
        )
    ready, _, _ = select.select([child.stdout], [], [], 30)
    shown = child.stdout.readline() if ready else child.stderr.read()
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)

    assert shown.endswith("a new line\n")
    assert child.returncode == 130
    assert errors.strip() == "cancelled"


def test_following_waits_for_a_session_to_begin(environ, project):
    child = subprocess.Popen(
        [sys.executable, "-m", "sundog", "logs", "--follow"],
        cwd=project,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "waiting" in child.stderr.readline()
    with StoreWriter(project / ".sundog/local/events.db", notify=print, environ={}) as store:
        store(
            LogWritten(
                at=1.0, function="b/one", environment="e", request_id=None, stream="stdout", text="the first"
            )
        )
    ready, _, _ = select.select([child.stdout], [], [], 30)
    shown = child.stdout.readline() if ready else ""
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=30)

    assert shown.endswith("the first\n")


@pytest.mark.parametrize("module", ["sundog.cli.run", "click"])
def test_ctrl_c_while_the_command_is_still_loading_shows_no_traceback(environ, tmp_path, module):
    (tmp_path / "sitecustomize.py").write_text(
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *rest):\n"
        f"        if name == {module!r}:\n"
        "            signal.raise_signal(signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "sundog", "explain", "SD-CONFIG-001"],
        cwd=tmp_path,
        env={**environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_lets_the_command_clean_up(environ, tmp_path, number, code):
    program = """
import sys, anyio
from sundog.cli.concurrency import run_async
from sundog.cli.render.output import Output
from sundog.errors import SundogError
output = Output(stdout=sys.stdout, stderr=sys.stderr, environ={})
async def work():
    try:
        print("working", flush=True)
        await anyio.sleep_forever()
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.05)
            print("cleaned up", flush=True)
try:
    run_async(work, output)
except SundogError as error:
    sys.exit(error.exit_code)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", program], env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout.readline() == "working\n"
    child.send_signal(number)
    rest, _ = child.communicate(timeout=30)

    assert rest == "cleaned up\n"
    assert child.returncode == code


def test_doctor_says_what_it_found(sundog, project):
    done = sundog("doctor", "--json", cwd=project)
    findings = {
        finding["name"]: finding
        for finding in map(json.loads, done.stdout.splitlines())
        if finding["type"] == "Finding"
    }

    assert findings["Python"]["status"] == "ok"
    assert findings["Node"]["status"] == "ok"
    assert findings["embedded cloud"]["status"] == "warn"
    assert all(finding["fix"] for finding in findings.values() if finding["status"] != "ok")


def test_doctor_fails_when_the_app_is_missing(sundog, project):
    (project / "app.py").unlink()
    done = sundog("doctor", cwd=project)

    assert done.returncode == 3
    assert "fail  app" in done.stdout
    assert "SD-DOCTOR-001" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal is needed")
def test_remove_asks_for_the_name_of_the_stage_on_a_terminal(environ, project):
    import pty

    main, terminal = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-m", "sundog", "remove", "--stage", "prod"],
        cwd=project,
        env=environ,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    deadline = time.monotonic() + 30
    while b"to go on" not in shown and time.monotonic() < deadline:
        shown += os.read(main, 1000)
    os.write(main, b"nonsense\n")
    code = child.wait(30)
    os.close(main)

    assert code == 130, shown


def test_run_names_the_command_that_comes_first(sundog, project):
    done = sundog("run", "--", "true", cwd=project)

    assert done.returncode == 3
    assert "has not been started in this folder" in done.stderr
    assert "run `sundog dev` first" in done.stderr


def test_a_protected_stage_is_not_removed_by_yes_alone(sundog, project):
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text() + "\n[tool.sundog.stages.prod]\nprotected = true\n")
    done = sundog("remove", "--stage", "prod", "--yes", cwd=project)

    assert done.returncode == 3
    assert "the stage `prod` is protected" in done.stderr
    assert "sundog remove --stage prod --unprotect" in done.stderr
