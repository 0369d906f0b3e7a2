"""Jobs: started and cancelled by a function, run live for longer than Lambda would."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("apps")


@pytest.fixture(scope="module")
def app(start_app):
    with start_app(Path(__file__).parent / "jobs") as running:
        yield running


def test_a_job_runs_with_its_payload_for_longer_than_lambda_allows(app):
    mark = app.mark()
    job = app.invoke("start", {"video": "cats"})

    (seen,) = app.wait_for("encode", since=mark)

    assert seen.event == {"video": "cats"}
    assert seen.started.request_id == job
    assert seen.response == {"hours_left": 2.0}
    assert seen.trigger.label == "job encode"


def test_a_job_that_is_cancelled_ends_and_is_not_tried_again(app, wait_for):
    mark = app.mark()
    job = app.invoke("start", {"video": "endless"})
    wait_for(
        lambda: any(one.started.request_id == job for one in app.invocations("encode", since=mark)),
        "the job to run",
    )

    app.invoke("start", {"cancel": job})
    (seen,) = app.wait_for("encode", since=mark)

    assert seen.finished.outcome == "error"
    assert seen.finished.error.error_type == "Sundog.JobCancelled"

    # The next one finds an environment as before.
    again = app.invoke("start", {"video": "dogs"})
    ended = app.wait_for("encode", since=mark, count=2)
    assert [one.started.request_id for one in ended] == [job, again]


def test_a_job_that_has_ended_can_be_cancelled_without_harm(app):
    mark = app.mark()
    job = app.invoke("start", {"video": "birds"})
    app.wait_for("encode", since=mark)

    assert app.invoke("start", {"cancel": job}) is None
