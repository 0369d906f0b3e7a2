"""`sundog secret` as a user runs it, before and beside `sundog dev`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

APP = Path(__file__).parent / "app"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "payments"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def secret(root):
    """Run `sundog secret …`, not on a terminal; return its stdout."""

    def run(*arguments, stdin=""):
        done = subprocess.run(
            [sys.executable, "-m", "sundog", "secret", *arguments],
            cwd=root,
            env=dict(os.environ),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        run.stderr, run.code = done.stderr, done.returncode
        return done.stdout

    return run


def files_with(folder: Path, text: str) -> list[str]:
    """Return the files that hold a text, but those of the embedded cloud, which keeps the parameters themselves."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file()
        and "cloud" not in file.relative_to(folder).parts
        and text.encode() in file.read_bytes()
    ]


def messages_in_cloudwatch(root: Path) -> list[str]:
    """Return all that the embedded cloud's CloudWatch Logs has of the functions."""
    note = json.loads((root / ".sundog/local/session.json").read_text())
    logs = boto3.client(
        "logs",
        endpoint_url=note["endpoint_url"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    return [
        event["message"] for group in groups for event in logs.filter_log_events(logGroupName=group)["events"]
    ]


def test_a_secret_from_the_command_line_to_the_function(root, secret, start_dev, waiting):
    # No session runs: the local cloud is started for the command, and what it keeps is there for the session.
    secret("set", "stripe_key", stdin="sk-before-dev-1111\n")
    dev = start_dev(root).wait_until_ready()

    def becomes(last):
        waiting(lambda: dev.request("GET", "/pay")[1].get("last") == last, lambda: dev.output, seconds=60)

    becomes("1111")
    secret("set", "stripe_key", "sk-while-dev-2222")
    becomes("2222")
    secret("load", "-", "--fallback", stdin='# for all stages\nstripe_key="sk-fallback-3333"\n')
    secret("remove", "stripe_key")
    becomes("3333")

    listed = [json.loads(line) for line in secret("list", "--json").splitlines()]
    assert listed == [
        {"type": "Secret", "name": "stripe_key", "set": True, "is_fallback": True},
        {"type": "Secret", "name": "unused", "set": False},
    ]
    assert secret("get", "stripe_key") == "sk-fallback-3333\n"
    secret("set", "strype_key", "sk-misspelt-4444")
    assert "did you mean `stripe_key`?" in secret.stderr

    # The function printed each value; nobody can read one but in the cloud itself.
    logged = dev.wait_for("LogWritten", where=lambda event: event["text"].startswith("paying"))
    assert logged["text"] == "paying with [redacted]"
    invoked = subprocess.run(
        [sys.executable, "-m", "sundog", "invoke", "functions/payments.pay"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "│ paying with [redacted]" in invoked.stderr
    assert json.loads(invoked.stdout)["last"] == "3333"
    copied = messages_in_cloudwatch(root)
    assert "paying with [redacted]" in copied
    assert [text for text in copied if "sk-" in text] == []
    dev.interrupt()
    for value in ("sk-before-dev-1111", "sk-while-dev-2222", "sk-fallback-3333"):
        assert [line for line in dev.lines if value in line] == []
        assert files_with(root / ".sundog", value) == []


def test_the_types_follow_the_app(root, secret, start_dev, waiting):
    secret("set", "stripe_key", "sk-types-5555")
    dev = start_dev(root).wait_until_ready()
    stub = root / ".sundog/types/sundog_runtime/__init__.pyi"
    before = stub.read_text()
    dev.edit("app.py", "import Api, App, Secret", "import Api, App, Parameter, Secret")
    dev.edit("app.py", 'Secret(stack, "unused")', 'Parameter(stack, "limit", value=12)')

    waiting(lambda: "limit: _Parameter_limit" in stub.read_text(), stub.read_text, seconds=60)
    assert "unused: Secret" in before
    assert "unused" not in stub.read_text()
