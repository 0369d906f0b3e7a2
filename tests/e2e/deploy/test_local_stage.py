"""`sundog deploy` and `sundog remove` on the local stage, where no session runs: what needs one all the same."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

APP = """
from sundog import App, Script, Stack, StaticSite

app = App()
stack = Stack(app, "web")
StaticSite(stack, "site", path="site")
Script(
    stack,
    "note",
    on_create="functions/note.run",
    on_delete="functions/note.run",
    params={"file": FILE},
)
app.synth()
"""
NOTE = """
def run(event, context):
    with open(event["params"]["file"], "a") as file:
        print(event["type"], file=file)
"""


@pytest.fixture
def project(tmp_path):
    files = {
        "pyproject.toml": '[tool.sundog]\nname = "deployed"\n',
        "app.py": APP.replace("FILE", repr(str(tmp_path / "notes.txt"))),
        "functions/note.py": NOTE,
        "site/index.html": "hello\n",
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


def sundog(project, *arguments):
    finished = subprocess.run(
        [sys.executable, "-m", "sundog", *arguments, "--json"],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_scripts_run_and_buckets_with_files_go(project):
    deployed = sundog(project, "deploy")
    (upload,) = [event for event in deployed if event["type"] == "UploadFinished"]

    assert (upload["name"], upload["uploaded"]) == ("site", 1)
    assert (project / "notes.txt").read_text() == "create\n"

    sundog(project, "remove")
    assert (project / "notes.txt").read_text() == "create\ndelete\n"
