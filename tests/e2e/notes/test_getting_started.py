"""The tutorial is true: its edits are applied to what `sundog create` makes, and what it says happens, happens."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.xdist_group("notes"), pytest.mark.timeout(400)]

TUTORIAL = (Path(__file__).parents[3] / "docs" / "getting-started.md").read_text("utf-8")
PYTHON_BLOCKS = re.findall(r"```python\n(.*?)```", TUTORIAL, re.DOTALL)


def sundog(root, *arguments):
    return subprocess.run(
        [sys.executable, "-m", *arguments], cwd=root, capture_output=True, text=True, timeout=120, check=False
    )


def replace_as_told(dev, file, first_words):
    """Apply the replacement whose old text begins with some words."""
    number = next(
        number for number, block in enumerate(PYTHON_BLOCKS) if block.strip().startswith(first_words)
    )
    dev.edit(file, PYTHON_BLOCKS[number], PYTHON_BLOCKS[number + 1])


def edited(name):
    return lambda event: event["reason"] == "edit" and name in event["function"]


@pytest.fixture
def dev(start_dev, tmp_path):
    created = sundog(tmp_path, "sundog", "create", "my-app")
    assert created.returncode == 0, created.stdout + created.stderr
    return start_dev(tmp_path / "my-app").wait_until_ready()


def test_the_tutorial_from_create_to_tests(dev, waiting):
    items = "functions/items.py"
    status, milk = dev.request("POST", "/items", {"title": "buy milk"})

    assert (status, milk["title"]) == (201, "buy milk")
    assert dev.request("GET", "/items") == (200, {"items": [milk]})

    mark = dev.mark()
    replace_as_told(dev, items, 'item = {"itemId": uuid.uuid4().hex, "title": title}')
    dev.wait_for("EnvironmentReady", since=mark, where=edited("create"))

    assert dev.request("POST", "/items", {"title": "  call Bob"})[1]["title"] == "call Bob"

    mark = dev.mark()
    status, _ = dev.request("POST", "/items", {"title": 7})
    # That of the request before may be told late.
    failed = dev.wait_for("InvocationFinished", since=mark, where=lambda event: event["error"] is not None)

    assert status == 500
    assert failed["error"]["error_type"] == "AttributeError"
    assert failed["error"]["message"] == "'int' object has no attribute 'strip'"
    assert failed["error"]["place"]["file"] == items

    mark = dev.mark()
    replace_as_told(dev, items, "except (ValueError, KeyError, TypeError):")
    dev.wait_for("EnvironmentReady", since=mark, where=edited("create"))
    replayed = waiting(
        lambda: '"statusCode": 400' in (done := sundog(dev.root, "sundog", "replay", "last")).stdout and done,
        lambda: str(sundog(dev.root, "sundog", "replay", "last")),
    )

    assert replayed.returncode == 0

    mark = dev.mark()
    worker = next(block for block in PYTHON_BLOCKS if "def work(" in block)
    (dev.root / "functions" / "worker.py").write_text(worker, "utf-8")
    app = (dev.root / "app.py").read_text("utf-8")
    for first_words in ("from sundog import Api, App, Table", "api = Api("):
        number = next(n for n, block in enumerate(PYTHON_BLOCKS) if block.strip().startswith(first_words))
        assert PYTHON_BLOCKS[number] in app
        app = app.replace(PYTHON_BLOCKS[number], PYTHON_BLOCKS[number + 1])
    (dev.root / "app.py").write_text(app, "utf-8")
    deployed = dev.wait_for("DeployFinished", since=mark, seconds=60)
    replace_as_told(dev, items, "table().put_item(Item=item)")
    dev.wait_for("EnvironmentReady", since=mark, where=edited("create"))

    assert deployed["ok"], deployed

    status, _ = dev.request("POST", "/items", {"title": "write tests"})
    line = dev.wait_for("LogWritten", since=mark, where=lambda event: "working on" in event["text"])
    waiting(
        lambda: "working on write tests" in sundog(dev.root, "sundog", "logs", "work").stdout,
        lambda: str(sundog(dev.root, "sundog", "logs", "work")),
    )
    invoked = sundog(dev.root, "sundog", "invoke", "create", "--event", "create")

    assert status == 201
    assert line["text"] == "working on write tests"
    assert invoked.returncode == 0, invoked.stderr

    tests = dev.root / "tests" / "test_items.py"
    test = next(block for block in PYTHON_BLOCKS if "wait_for_invocation" in block)
    tests.write_text(tests.read_text("utf-8") + "\n\n" + test, "utf-8")
    tested = sundog(dev.root, "pytest", "-q")

    assert tested.returncode == 0, tested.stdout
    assert "5 passed" in tested.stdout
    assert len(dev.request("GET", "/items")[1]["items"]) > 1
