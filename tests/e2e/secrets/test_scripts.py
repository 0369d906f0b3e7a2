"""A script prints a secret, raises it and returns it while the app is deployed: nobody can read it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

SECRET = "sk-of-the-script-7777"

APP = """
from sundog import App, Script, Secret, Stack

app = App()
stack = Stack(app, "backend")
key = Secret(stack, "stripe_key")
Script(stack, "seed", on_create="functions/seed.run", on_update="functions/seed.run", params={"how": "prints"}, bind=[key])
app.synth()
"""
SEED = """
from sundog_runtime import resources


def run(event, context):
    print(event["params"]["how"], "with", resources.stripe_key.value)
    if event["params"]["how"] == "raises":
        raise ValueError(f"the key {resources.stripe_key.value} is refused")
    return {"used": resources.stripe_key.value}
"""


@pytest.fixture
def root(tmp_path):
    files = {
        "pyproject.toml": '[tool.sundog]\nname = "seeded"\n',
        "app.py": APP,
        "functions/seed.py": SEED,
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    return tmp_path


@pytest.fixture
def sundog(root):
    """Run a command, not on a terminal."""

    def run(*arguments, stdin=""):
        return subprocess.run(
            [sys.executable, "-m", "sundog", *arguments],
            cwd=root,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    return run


@pytest.fixture
def change(root):
    """Have the script do something else with the secret."""

    def change(old, new):
        file = root / "app.py"
        file.write_text(file.read_text().replace(f'"{old}"', f'"{new}"'))

    return change


def test_a_secret_that_a_script_prints_or_raises_is_shown_and_kept_nowhere(
    root, sundog, change, start_dev, files_with, messages_in_cloudwatch
):
    assert sundog("secret", "set", "stripe_key", stdin=SECRET).returncode == 0
    printed = sundog("deploy")
    change("prints", "raises")
    raised = sundog("deploy")
    raised_again = sundog("deploy", "--json")
    recorded = sundog("logs", "--json")
    change("raises", "prints again")
    dev = start_dev(root).wait_until_ready()
    copied = messages_in_cloudwatch(root)
    mark = dev.mark()
    dev.edit("app.py", '"prints again"', '"raises"')
    failed = dev.wait_for("DeployFinished", since=mark)
    dev.interrupt()

    # In the terminal, …
    assert printed.returncode == 0, printed.stderr
    assert "prints with [redacted]" in printed.stderr
    assert raised.returncode != 0
    assert "ValueError: the key [redacted] is refused" in raised.stderr
    # … as JSON, …
    events = [json.loads(line) for line in raised_again.stdout.splitlines()]
    assert "raises with [redacted]" in [event.get("text") for event in events]
    assert "[redacted] is refused" in str(failed["error"])
    # … in the store, …
    texts = [json.loads(line)["text"] for line in recorded.stdout.splitlines()]
    assert {"prints with [redacted]", "raises with [redacted]"} <= set(texts)
    # … and in CloudWatch's copy.
    assert {"prints with [redacted]", "raises with [redacted]", "prints again with [redacted]"} <= set(copied)
    everything = {
        "deploy": printed.stdout + printed.stderr,
        "failing deploy": raised.stdout + raised.stderr,
        "failing deploy as JSON": raised_again.stdout + raised_again.stderr,
        "logs": recorded.stdout,
        "dev": "\n".join(dev.lines),
        "CloudWatch": "\n".join(copied),
    }
    assert [place for place, text in everything.items() if SECRET in text] == []
    assert files_with(root / ".sundog", SECRET) == []
