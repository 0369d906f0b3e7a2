"""Jobs: started and cancelled by a function, run live for longer than Lambda would."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sundog.bundle.node import npm_command
from sundog.testing import FunctionFailed

pytestmark = pytest.mark.xdist_group("apps-jobs")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "jobs") as running:
        yield running


@pytest.fixture(scope="module")
def sdk(app):
    """Installs what the client of a job loads in Node, and Lambda brings."""
    done = subprocess.run(
        [*npm_command(), "install", "--no-audit", "--no-fund", "--no-save", "@aws-sdk/client-lambda@3"],
        cwd=app.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm's registry does not give the AWS SDK: {done.stderr[-300:]}")


@pytest.fixture(params=["start", "start_js"])
def start(request):
    """The function that starts and cancels: in Python, and in TypeScript."""
    if request.param == "start_js":
        request.getfixturevalue("sdk")
    return request.param


def test_a_job_runs_with_its_payload_for_longer_than_lambda_allows(app, start):
    mark = app.mark()
    job = app.invoke(start, {"video": "cats"})

    (seen,) = app.wait_for("encode", since=mark)

    assert seen.event == {"video": "cats"}
    assert seen.started.request_id == job
    assert seen.response == {"hours_left": 2.0}
    assert seen.trigger.label == "job encode"


def test_a_job_that_is_cancelled_ends_and_is_not_tried_again(app, start, wait_for):
    mark = app.mark()
    job = app.invoke(start, {"video": "endless"})
    wait_for(
        lambda: any(one.started.request_id == job for one in app.invocations("encode", since=mark)),
        "the job to run",
    )

    app.invoke(start, {"cancel": job})
    (seen,) = app.wait_for("encode", since=mark)

    assert seen.finished.outcome == "error"
    assert seen.finished.error.error_type == "Sundog.JobCancelled"

    # The next one finds an environment as before.
    again = app.invoke(start, {"video": "dogs"})
    ended = app.wait_for("encode", since=mark, count=2)
    assert [one.started.request_id for one in ended] == [job, again]


def test_a_job_that_has_ended_can_be_cancelled_without_harm(app):
    mark = app.mark()
    job = app.invoke("start", {"video": "birds"})
    app.wait_for("encode", since=mark)

    assert app.invoke("start", {"cancel": job}) is None


def test_a_job_that_is_cancelled_at_once_never_gets_anywhere(app, start):
    mark = app.mark()
    # Its event may be on its way still when it is cancelled.
    job = app.invoke(start, {"video": "endless", "at_once": True})

    (seen,) = app.wait_for("encode", since=mark)

    assert seen.started.request_id == job
    assert seen.finished.error.error_type == "Sundog.JobCancelled"


def test_a_payload_that_is_too_large_is_refused_where_the_job_is_started(app, start):
    with pytest.raises(FunctionFailed, match=r"the payload of job `encode` has \d+ bytes, 32768 is the most"):
        app.invoke(start, {"video": "x" * 40_000})
