"""Templates that were synthesized quickly are checked in full afterwards."""

from pathlib import Path

import anyio
import pytest

from sundog.deploy.synth.validation import validate

APP = """\
from aws_cdk import CfnResource
from sundog import App

app = App()


@app.stack
def storage(stack):
    CfnResource(stack, "queue", type="AWS::SQS::Queue", properties={"Colour": "blue"})


app.synth()
"""


@pytest.fixture
def synthesized(bench):
    bench.write("app.py", APP)
    return bench.synth()


def check(bench, synthesized):
    project = bench.service._project
    return bench.portal.call(
        lambda: validate(project, project.stage(None), synthesized.assembly, synthesized.manifest)
    )


def test_a_property_that_the_schema_does_not_know_is_found_at_its_line(bench, synthesized):
    issues = check(bench, synthesized)

    assert [issue.path for issue in issues] == ["storage/queue"]
    assert "Colour" in issues[0].text
    assert (issues[0].place.file, issues[0].place.line) == ("app.py", 9)


def test_unchanged_templates_are_checked_once(bench, synthesized):
    first = check(bench, synthesized)
    bench.write("app.py", "raise SystemExit('must not be run again')")

    assert first == check(bench, synthesized)


def test_a_check_that_is_cancelled_leaves_no_process(bench, synthesized):
    project = bench.service._project

    async def cancelled_at_once():
        with anyio.move_on_after(0.5) as scope:
            await validate(project, project.stage(None), synthesized.assembly, synthesized.manifest)
        return scope.cancelled_caught

    assert bench.portal.call(cancelled_at_once)
    assert processes_in(project.root) == []


def processes_in(folder: Path) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").resolve() == folder.resolve() and b"runpy" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, RuntimeError):
            # It ended while it was looked at.
            continue
    return found
