"""A rehearsed process is used where it gives what a fresh one gives, and the user is told where it did not."""

import json
import sys

import pytest

from sundog.deploy.synth.errors import AppRaised
from sundog.model.events import AppRehearsed, Notice

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only a process that forks rehearses")

APP = """\
import os
import pathlib
import subprocess
import uuid
import aws_cdk as cdk
from aws_cdk.aws_s3_assets import Asset
from sundog import App, Queue

app = App()


@app.stack
def storage(stack):
    Queue(stack, "jobs", visibility_timeout=30)
    BODY


app.synth()
"""

FACT = """\
import jsii
from aws_cdk.region_info import Fact, IFact

@jsii.implements(IFact)
class Color:
    name = property(lambda self: "color")
    region = property(lambda self: "us-east-1")
    value = property(lambda self: "green")
"""


@pytest.fixture
def app(bench):
    """An app, and how it is edited."""

    def write(body: str, *, timeout: int = 30, before: str = "") -> None:
        text = before + APP.replace("BODY", body).replace("timeout=30", f"timeout={timeout}")
        bench.write("app.py", text)

    bench.edit = write
    return bench


def made(bench) -> dict[str, bytes]:
    assembly = bench.root / ".sundog/local/assembly"
    return {path.name: path.read_bytes() for path in sorted(assembly.rglob("*.template.json"))}


def texts(bench) -> list[str]:
    return [event.text for event in bench.events if isinstance(event, Notice)]


def outcomes(bench) -> list[tuple[str, str | None]]:
    return [(event.outcome, event.reason) for event in bench.events if isinstance(event, AppRehearsed)]


def test_an_edit_after_a_rehearsal_gives_the_templates_of_a_cold_synth(app):
    app.edit("pass")
    assert app.synth().rehearsal == "none"
    for timeout in (40, 50):
        app.get_ready()
        app.edit("pass", timeout=timeout)
        assert app.synth().rehearsal == "used"
        assert made(app) == app.cold()
    assert texts(app) == []
    assert outcomes(app) == [("ready", None)] * 2


def test_what_an_app_prints_in_a_rehearsal_is_not_shown(app):
    app.edit('print("hello from", "Python")')
    app.synth()
    app.get_ready()
    app.edit('print("hello from", "Python")', timeout=40)
    assert app.synth().output == ["hello from Python"]


def test_files_that_node_copies_are_in_the_assembly_of_the_run_as_well(app):
    app.write("page.html", "<h1>one</h1>")
    app.edit('Asset(stack, "page", path="page.html")')
    app.synth()
    app.get_ready()
    app.edit('Asset(stack, "page", path="page.html")', timeout=40)
    result = app.synth()
    assert result.rehearsal == "used"
    assert [path.read_text() for path in result.assembly.glob("asset.*")] == ["<h1>one</h1>"]


def test_an_edit_of_a_file_that_node_has_read_takes_a_fresh_process(app):
    app.write("page.html", "<h1>one</h1>")
    app.edit('Asset(stack, "page", path="page.html")')
    app.synth()
    for number in range(2):
        app.get_ready()
        app.write("page.html", f"<h1>{number} again</h1>")
        result = app.synth()
        assert result.rehearsal == "outdated"
        assert [path.read_text() for path in result.assembly.glob("asset.*")] == [f"<h1>{number} again</h1>"]
    # Twice is a habit: rehearsing such an app is work for nothing.
    app.get_ready()
    app.write("page.html", "<h1>last</h1>")
    assert app.synth().rehearsal == "none"


def test_a_variable_that_node_has_read_and_the_app_changes_takes_a_fresh_process(app):
    def text(value: str) -> str:
        return f'import os\nos.environ["CDK_DEFAULT_REGION"] = "{value}"\n'

    output = 'cdk.CfnOutput(stack, "Region", value=os.environ["CDK_DEFAULT_REGION"])'
    app.edit(output, before=text("us-east-1"))
    app.synth()
    app.get_ready()
    app.edit(output, before=text("eu-west-1"))
    app.synth()
    assert made(app) == app.cold()


def test_an_error_that_only_a_rehearsed_process_gives_is_not_shown(app):
    app.edit("Fact.register(Color())", before=FACT)
    app.synth()
    app.get_ready()
    app.edit("Fact.register(Color())", before=FACT.replace("green", "blue"), timeout=40)
    result = app.synth()  # Node: "Region us-east-1 already has a fact color, with value green"
    assert result.rehearsal == "none"
    assert made(app) == app.cold()


def test_an_error_of_the_app_itself_is_shown_at_once(app):
    app.edit("pass")
    app.synth()
    app.get_ready()
    app.edit("misspelt")
    with pytest.raises(AppRaised, match="misspelt"):
        app.synth()


def test_a_template_that_only_a_rehearsed_process_gives_is_found_and_put_right(app):
    body = """cdk.CfnOutput(stack, "Color", value=Fact.find("us-east-1", "color") or "none")
    Fact.register(Color(), True)"""
    doubts = []
    app.service.on_doubt = lambda: doubts.append("wrong")
    app.edit(body, before=FACT)
    app.synth()
    app.get_ready()
    app.edit(body, before=FACT, timeout=40)
    assert app.synth().rehearsal == "used"
    (template,) = made(app).values()
    assert json.loads(template)["Outputs"]["Color"]["Value"] == "green"  # what the rehearsal registered
    assert doubts == []

    app.get_ready()
    assert doubts == ["wrong"]
    assert texts(app) == [
        "`app.py` gave other templates in a process that had run it before than in a new one"
    ]

    again = app.synth()
    assert (again.origin, again.rehearsal) == ("warm", "none")
    assert made(app) == app.cold()
    app.get_ready()
    app.edit(body, before=FACT, timeout=50)
    assert app.synth().rehearsal == "none"


def test_an_app_that_gives_another_template_each_time_is_not_rehearsed_again(app):
    app.edit('cdk.CfnOutput(stack, "Id", value=str(uuid.uuid4()))')
    app.synth()
    app.get_ready()
    app.edit('cdk.CfnOutput(stack, "Id", value=str(uuid.uuid4()))', timeout=40)
    assert app.synth().rehearsal == "none"
    assert texts(app) == []
    assert outcomes(app) == [("different", "its templates are others")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('subprocess.run(["sh", "-c", "echo run >> runs.txt"], check=True)', "process sh"),
        ('pathlib.Path("runs.txt").open("a").write("run\\n")', "runs.txt"),
    ],
    ids=["runs programs", "writes files"],
)
def test_an_app_that_does_more_than_read_is_not_rehearsed(app, body, reason):
    app.edit(body)
    app.synth()
    app.get_ready()
    app.edit(body, timeout=40)
    assert app.synth().rehearsal == "none"
    assert (app.root / "runs.txt").read_text() == "run\nrun\n"
    ((outcome, told),) = outcomes(app)
    assert outcome == "left out"
    assert told.endswith(reason)


def test_an_app_that_was_edited_meanwhile_is_not_rehearsed(app):
    app.edit("pass")
    app.synth()
    app.edit('pathlib.Path("runs.txt").touch()')
    app.get_ready()
    assert not (app.root / "runs.txt").exists()
    assert outcomes(app) == [("left out", str(app.root / "app.py"))]


def test_a_rehearsal_that_does_not_end_is_stopped(app):
    # The run leads its group of processes, a rehearsal is a fork of it.
    body = """while os.getpid() != os.getpgrp():
        pass"""
    app.edit(body)
    app.synth()
    app.timeout_seconds = 0.5
    app.new_service()
    app.get_ready()
    (text,) = texts(app)
    assert text == "the next synth will start slowly: a rehearsal of it did not end within 0.5 seconds"

    app.timeout_seconds = 120
    app.new_service()
    app.edit(body, timeout=40)
    assert app.synth().origin == "cold"
