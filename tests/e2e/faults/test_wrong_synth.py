"""A construct that keeps something between two runs of an app misleads a rehearsed synth; the session puts it right."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only a process that forks rehearses")

APP = """\
import aws_cdk as cdk
import jsii
from aws_cdk.region_info import Fact, IFact
from sundog import App, Queue

app = App()


@jsii.implements(IFact)
class Color:
    name = property(lambda self: "color")
    region = property(lambda self: "us-east-1")
    value = property(lambda self: "green")


@app.stack
def backend(stack):
    Queue(stack, "jobs", visibility_timeout=30)
    stack.outputs(Color=Fact.find("us-east-1", "color") or "none")
    Fact.register(Color(), True)


app.synth()
"""


def color(root: Path) -> str:
    outputs = json.loads((root / ".sundog/local/outputs.json").read_text())
    return str(outputs["backend"]["Color"])


def test_a_wrong_template_is_deployed_for_a_moment_only(start_dev, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.sundog]\nname = "colors"\n')
    (tmp_path / "app.py").write_text(APP)
    dev = start_dev(tmp_path).wait_until_ready()
    assert color(tmp_path) == "none"

    # What loads ahead has a low priority, and other tests want the processors.
    rehearsed = dev.wait_for("AppRehearsed", seconds=240)
    assert rehearsed["outcome"] == "ready", rehearsed
    mark = dev.mark()
    dev.edit("app.py", "visibility_timeout=30", "visibility_timeout=40")
    assert dev.wait_for("DeployFinished", since=mark)["ok"]
    assert color(tmp_path) == "green"  # what the rehearsal has registered

    notice = dev.wait_for(
        "Notice", where=lambda event: "in a process that had run it before" in event["text"]
    )
    assert notice["level"] == "warning"
    assert dev.wait_for("DeployFinished", since=dev.events.index(notice))["ok"]
    assert color(tmp_path) == "none"
