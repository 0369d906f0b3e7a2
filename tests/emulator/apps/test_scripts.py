"""Scripts: code of the app that runs while its stack is deployed, in the live session."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sundog.errors import DeployError

pytestmark = pytest.mark.xdist_group("apps-scripts")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "scripts") as running:
        yield running
    (deleted,) = running.seen("clear")
    assert deleted.response == "delete"


def versions(app):
    items = app.aws("dynamodb").scan(TableName=app.output("Users"))["Items"]
    return sorted((item["id"]["S"], item["version"]["S"]) for item in items)


@pytest.fixture
def set_version(app):
    """Changes what the script is given; tests run in any order."""

    def change(version):
        file = app.root / "app.py"
        file.write_text(re.sub(r'VERSION = ".*"', f'VERSION = "{version}"', file.read_text()))

    return change


def test_it_has_run_when_the_deploy_has_ended(app):
    seen = app.seen("seed")[0]

    assert seen.event == {
        "type": "create",
        "params": {"table": app.output("Users"), "count": 2, "version": "1"},
    }
    assert seen.trigger.label == "script seed"
    assert [identity for identity, _ in versions(app)] == ["0", "1"]


def test_it_runs_again_when_its_parameters_change(app, set_version):
    set_version("before")
    app.deploy()
    mark = app.mark()
    set_version("after")
    app.deploy()

    (seen,) = app.seen("seed", since=mark)
    assert seen.event["type"] == "update"
    assert (seen.event["previous_params"]["version"], seen.event["params"]["version"]) == ("before", "after")
    assert versions(app) == [("0", "after"), ("1", "after")]


def test_its_failure_fails_the_deploy_at_its_line_and_the_rollback_runs_nothing(app, set_version):
    set_version("good")
    app.deploy()
    mark = app.mark()
    set_version("broken")
    with pytest.raises(DeployError) as failed:
        app.deploy()

    assert (failed.value.where.file, failed.value.where.line) == ("app.py", 8)
    assert "ValueError: no such user" in failed.value.why
    assert [one.finished.outcome for one in app.seen("seed", since=mark)] == ["error"]
    assert versions(app) == [("0", "good"), ("1", "good")]
