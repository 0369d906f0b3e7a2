"""Bad input through the real command line: the full text of what a person reads, and the exit code."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest

from sundog.store.database import open_for_writing


@pytest.mark.parametrize(
    "arguments",
    [
        ["deplyo"],
        ["frobnicate"],
        ["logs", "--folow"],
        ["dev", "--stag", "prod"],
        ["dev", "--port", "eighty"],
        ["dev", "--port", "70000"],
        ["dev", "--port"],
        ["invoke"],
        ["invoke", "one", "two three"],
        ["logs", "-n", "0"],
        ["explain", "SD-CONFIG-01"],
        ["explain", "nonsense"],
        ["create", "1shop"],
        ["create", "my shop"],
        ["create", "a" * 41],
        ["create", "shop", "--template", "apy"],
        ["--colour"],
        ["replay"],
        ["secret", "sett", "key", "value"],
        ["secret", "set"],
        ["secret", "set", "1st key", "hunter2hunter2"],
        ["secret", "set", "key", ""],
        ["secret", "set", "key", "x" * 8193],
        ["secret", "set", "stripe/key", "hunter2hunter2"],
        ["secret", "set", "k" * 256, "hunter2hunter2"],
        ["secret", "load", "missing.env"],
    ],
    ids=lambda arguments: " ".join(arguments)[:60],
)
def test_a_wrong_command_line(run, folder, snapshot, arguments):
    assert run(*arguments, cwd=folder) == snapshot


@pytest.mark.parametrize("command", ["dev", "deploy", "remove", "build", "logs", "invoke f", "replay last"])
def test_a_folder_that_is_no_project(run, folder, snapshot, command):
    assert run(*command.split(), cwd=folder) == snapshot


@pytest.mark.parametrize(
    "settings",
    [
        '[tool.sundog]\nname = "shop\n',
        "[tool.sundog]\n",
        '[tool.sundog]\nname = "shop"\nreggion = "eu-north-1"\n',
        '[tool.sundog]\nname = "shop"\nregion = 7\n',
        '[tool.sundog]\nname = "my_shop"\n',
        '[tool]\nsundog = "shop"\n',
        '[tool.sundgo]\nname = "shop"\n',
        '[project]\nname = "shop"\n',
        '[tool.sundog]\nname = "shop"\n[tool.sundog.stages.prod]\nprotect = true\n',
        '[tool.sundog]\nname = "shop"\n[tool.sundog.stages.dev]\n[tool.sundog.stages.prod]\nregion = 1\n',
        '[tool.sundog]\nname = "shop"\n[tool.sundog.stages.my_stage]\nregion = "eu-north-1"\n',
        '[tool.sundog]\nname = "shop"\n[tool.sundog.local]\nport = "4566"\n',
    ],
    ids=[
        "not-toml",
        "no-name",
        "misspelt",
        "wrong-type",
        "bad-app-name",
        "not-a-table",
        "misspelt-table",
        "another-project",
        "stage-key",
        "stage-value",
        "stage-name",
        "port",
    ],
)
def test_wrong_settings(run, folder, snapshot, settings):
    (folder / "pyproject.toml").write_text(settings)

    assert run("logs", cwd=folder) == snapshot


def test_settings_that_are_not_utf8(run, folder, snapshot):
    (folder / "pyproject.toml").write_bytes(b'[tool.sundog]\nname = "caf\xe9"\n')

    assert run("logs", cwd=folder) == snapshot


@pytest.mark.parametrize(
    "stage", ["my_stage", "1st", "x" * 31, ""], ids=["underscore", "digit", "long", "empty"]
)
def test_a_stage_that_cannot_be_one(run, project, snapshot, stage):
    assert run("logs", "--stage", stage, cwd=project) == snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        ["invoke", "list_note"],
        ["invoke", "nothing_like_it"],
        ["invoke", "functions/notes.create"],
        ["invoke", "list_notes", "--event", "craete"],
        ["invoke", "list_notes", "--event", "missing.json"],
        ["logs", "lst_notes"],
    ],
    ids=" ".join,
)
def test_what_the_app_does_not_have(run, synthesized, snapshot, arguments):
    assert run(*arguments, cwd=synthesized) == snapshot


@pytest.mark.parametrize(
    "content",
    [b'{\n  "a": 1,\n  "b": oops\n}\n', b"", b'{"a": NaN}', b'"caf\xe9"', b"[1, 2"],
    ids=["word", "empty", "nan", "latin-1", "unclosed"],
)
def test_an_event_that_is_not_json(run, synthesized, snapshot, content):
    (synthesized / "events/broken.json").write_bytes(content)

    assert run("invoke", "list_notes", "--event", "broken", cwd=synthesized) == snapshot


@pytest.mark.parametrize(
    "content",
    ["KEY=value\nnonsense with hunter2\n", 'KEY="never closed', "1ST=x", "a.b=x", "EMPTY=", b"KEY=caf\xe9"],
    ids=["line", "quote", "digit", "dot", "empty", "latin-1"],
)
def test_a_file_of_secrets_that_is_wrong(run, project, snapshot, content):
    (project / "secrets.env").write_bytes(content if isinstance(content, bytes) else content.encode())

    assert run("secret", "load", "secrets.env", cwd=project) == snapshot


def test_an_event_from_stdin_that_is_not_json(run, synthesized, snapshot):
    assert run("invoke", "list_notes", "--event", "-", cwd=synthesized, stdin=b"{oops}") == snapshot


def test_an_event_that_is_too_large_for_lambda(run, synthesized, snapshot):
    (synthesized / "events/large.json").write_bytes(b'"' + b"a" * (1024 * 1024) + b'"')

    assert run("invoke", "list_notes", "--async", "--event", "large", cwd=synthesized) == snapshot


@pytest.mark.parametrize("command", ["invoke list_notes", "replay last", "logs list_notes"])
def test_a_stage_that_was_never_started(run, project, snapshot, command):
    assert run(*command.split(), cwd=project) == snapshot


def test_an_invocation_while_nothing_runs(run, synthesized, snapshot):
    assert run("invoke", "list_notes", cwd=synthesized) == snapshot


def test_a_manifest_of_another_version(run, synthesized, snapshot):
    (synthesized / ".sundog/local/assembly/sundog.json").write_text('{"version": "?"}')

    assert run("invoke", "list_notes", cwd=synthesized) == snapshot


@pytest.mark.parametrize(
    "arguments",
    [["--since", "yesterday"], ["--grep", "(", "--since", "1h"], ["--invocation", "abcd"]],
    ids=" ".join,
)
def test_a_search_that_cannot_be_made(run, synthesized, snapshot, arguments):
    open_for_writing(synthesized / ".sundog/local/events.db", now=time.time).connection.close()

    assert run("logs", *arguments, cwd=synthesized) == snapshot


def test_a_replay_of_an_unknown_invocation(run, synthesized, snapshot):
    open_for_writing(synthesized / ".sundog/local/events.db", now=time.time).connection.close()

    assert run("replay", "abcd", cwd=synthesized) == snapshot


@pytest.mark.parametrize("command", ["logs", "logs --follow", "replay last"])
def test_a_stage_in_aws_of_which_nothing_is_recorded(run, synthesized, snapshot, command):
    shutil.copytree(synthesized / ".sundog/local", synthesized / ".sundog/prod")

    assert run(*command.split(), "--stage", "prod", cwd=synthesized) == snapshot


def test_an_event_store_that_is_none(run, synthesized, snapshot):
    (synthesized / ".sundog/local/events.db").write_bytes(b"garbage" * 1000)

    assert run("logs", cwd=synthesized) == snapshot


def test_an_event_store_of_another_program(run, synthesized, snapshot):
    connection = sqlite3.connect(synthesized / ".sundog/local/events.db")
    connection.execute("CREATE TABLE t (x)")
    connection.close()

    assert run("logs", cwd=synthesized) == snapshot


def test_removing_a_stage_in_aws_without_a_terminal(run, project, snapshot):
    assert run("remove", "--stage", "prod", cwd=project) == snapshot


def test_a_folder_that_is_not_empty(run, folder, snapshot):
    (folder / "shop").mkdir()
    (folder / "shop/precious.txt").write_text("mine")

    assert run("create", "shop", cwd=folder) == snapshot
    assert (folder / "shop/precious.txt").read_text() == "mine"


def test_the_current_folder_is_not_empty(run, folder, snapshot):
    (folder / "precious.txt").write_text("mine")

    assert run("create", cwd=folder) == snapshot


def test_an_app_with_the_name_of_a_file(run, folder, snapshot):
    (folder / "shop").write_text("mine")

    assert run("create", "shop", cwd=folder) == snapshot


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written(run, folder, snapshot):
    folder.chmod(0o555)

    assert run("create", "shop", cwd=folder) == snapshot


def test_a_folder_that_was_deleted(folder, snapshot):
    gone = folder / "gone"
    gone.mkdir()
    done = subprocess.run(
        ["sh", "-c", f'rmdir "$PWD"; exec "{sys.executable}" -m sundog logs'],
        cwd=gone,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == snapshot


def test_errors_as_json(run, folder, snapshot):
    assert run("logs", "--json", cwd=folder) == snapshot
    assert run("deplyo", "--json", cwd=folder) == snapshot


def test_a_narrow_terminal(run, folder, snapshot):
    assert run("logs", cwd=folder, environ={"COLUMNS": "50"}) == snapshot


def test_a_defect_of_sundog_leaves_a_report_without_secrets(run, synthesized, snapshot):
    secret = {"MY_API_KEY": "hunter2hunter2"}
    (synthesized / "sitecustomize.py").write_text(
        "import sundog.model.project as project\n"
        "def broken(self, name, **options): raise RuntimeError('the key is hunter2hunter2')\n"
        "project.Project.stage = broken\n"
    )
    ran = run("logs", cwd=synthesized, environ=secret | {"PYTHONPATH": str(synthesized)})
    (report,) = (synthesized / ".sundog/reports").glob("bug-*.txt")
    text = report.read_text()

    assert ran == snapshot
    assert "RuntimeError" in text
    assert "hunter2" not in text
    assert report.stat().st_mode & 0o077 == 0


TWO_REGIONS = """
[tool.sundog.stages.prod]
regions = ["eu-west-1", "us-west-2"]
protected = true
"""


@pytest.mark.parametrize(
    "command",
    [
        "invoke list_notes",
        "run -- true",
        "logs",
        "replay last",
        "coldstart list_notes",
        "secret remove key",
        "remove",
    ],
)
def test_a_stage_with_several_regions_that_is_protected(run, project, snapshot, command):
    (project / "pyproject.toml").write_text((project / "pyproject.toml").read_text() + TWO_REGIONS)
    own, dashes, program = command.partition(" -- ")

    assert run(*own.split(), "--stage", "prod", *(dashes + program).split(), cwd=project) == snapshot


@pytest.mark.parametrize(
    "text",
    [
        b"key=value\nno equals sign\n",
        b"1key=value\n",
        b'key="never closed\n',
        b"key=\xff\n",
        b"key=\n",
        b"a.b=c\n",
    ],
    ids=["no-equals", "name", "quote", "not-utf8", "empty", "dot"],
)
def test_a_wrong_file_of_secrets(run, project, snapshot, text):
    (project / ".env").write_bytes(text)

    assert run("secret", "load", ".env", cwd=project) == snapshot


def test_a_secret_on_stdin_that_is_not_text(run, project, snapshot):
    assert run("secret", "set", "key", cwd=project, stdin=b"\xff\xfe\x00") == snapshot
