"""Events of sundog's own in a session: what warms, and what cancels a job."""

from __future__ import annotations

import asyncio
import json

import pytest

from sundog.model.events import InvocationFinished, InvocationStarted
from sundog.model.job import CANCEL_KEY
from sundog.model.warmer import WARMER_KEY

from .conftest import Live

pytestmark = pytest.mark.anyio

WAITING = """
import pathlib, time
def handler(event, context):
    pathlib.Path("began").touch()
    while not pathlib.Path("go").exists():
        time.sleep(0.01)
    return "ran"
"""


async def cancel(live: Live, job: str) -> object:
    result = await live.invoke({CANCEL_KEY: job})
    return json.loads(result.payload)


async def test_a_warmer_event_is_answered_without_the_handler(live: Live) -> None:
    await live.handler("raise ValueError('no handler is needed')")

    assert (await live.answer({WARMER_KEY: {"delay_ms": 75}}))["live"] is True
    assert not [event for event in live.events if isinstance(event, InvocationStarted)]


async def test_a_job_that_is_cancelled_before_its_event_arrives_never_runs(live: Live) -> None:
    await live.handler("import pathlib\ndef handler(event, context):\n    pathlib.Path('began').touch()\n")

    assert await cancel(live, "job-1") == {"cancelled": False}
    error = await live.error({"video": 1}, request_id="job-1")
    other = await live.invoke({"video": 2}, request_id="job-2")

    assert error["errorType"] == "Sundog.JobCancelled"
    assert other.function_error is None
    finished = [event for event in live.events if isinstance(event, InvocationFinished)]
    assert [(event.request_id, event.outcome) for event in finished] == [("job-1", "error"), ("job-2", "ok")]
    assert finished[0].error is not None
    assert finished[0].error.error_type == "Sundog.JobCancelled"


async def test_a_job_that_waits_for_an_environment_is_cancelled_and_recorded(tmp_path, anyio_backend) -> None:
    from .conftest import live_session

    async with live_session(tmp_path, max_environments=1) as live:
        await live.handler(WAITING)
        first = asyncio.create_task(live.invoke({}, request_id="job-1"))
        await live.until((live.root / "began").exists, "the first job to run")
        second = asyncio.create_task(live.invoke({}, request_id="job-2"))
        await live.until(lambda: len(live.session.pools[0].calls) == 2, "the second job to wait")

        assert await cancel(live, "job-2") == {"cancelled": True}
        assert json.loads((await second).payload)["errorType"] == "Sundog.JobCancelled"
        (live.root / "go").touch()
        assert json.loads((await first).payload) == "ran"

        ended = [event.request_id for event in live.events if isinstance(event, InvocationFinished)]
        assert ended == ["job-2", "job-1"]
