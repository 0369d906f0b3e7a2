"""What is done ahead of a synth does not keep it waiting, and is done in the end."""

import os
import signal
import sys
import time

import anyio
import pytest

from sundog.deploy.synth.turns import Turns
from sundog.deploy.synth.worker import SynthWorker
from sundog.model.project import find_project


@pytest.fixture
def own_worker(portal):
    """A worker that no other test has loaded."""
    worker = SynthWorker(python=sys.executable, fork=sys.platform == "linux")
    yield worker
    portal.call(worker.close)


def test_a_synth_does_not_wait_for_a_load_that_gets_nowhere(bench, own_worker, portal, sundog_app):
    bench.worker = own_worker
    service = bench.new_service()
    loading = portal.start_task_soon(service.get_ready, find_project(bench.root).stage(None))
    deadline = time.monotonic() + 60
    while own_worker._process is None:
        assert time.monotonic() < deadline, "the worker was not started"
        time.sleep(0.01)
    stuck = own_worker._process.pid
    # As a process of low priority is, beside others that want all of the processor.
    os.kill(stuck, signal.SIGSTOP)

    assert bench.synth().changed_stacks == ["local-demo-storage"]

    loading.result(timeout=60)
    assert own_worker._process.pid != stuck
    with pytest.raises(ProcessLookupError):
        os.kill(stuck, 0)


def test_a_synth_is_awaited_and_another_preparation_is_not():
    seen: list[bool] = []

    async def prepare(turns: Turns) -> None:
        async with turns.between():
            await anyio.wait_all_tasks_blocked()
            seen.append(turns.is_awaited)

    async def synth(turns: Turns) -> None:
        async def nothing() -> None:
            seen.append(turns.is_awaited)

        await turns.newest(nothing)

    async def main() -> None:
        turns = Turns()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(prepare, turns)
            tasks.start_soon(prepare, turns)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(prepare, turns)
            tasks.start_soon(synth, turns)

    anyio.run(main)
    assert seen == [False, False, True, False]
