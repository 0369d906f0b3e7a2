"""`sundog secret` as a user runs it, before and beside `sundog dev`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def test_a_secret_from_the_command_line_to_the_function(
    root, secret, start_dev, waiting, files_with, messages_in_cloudwatch
):
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
