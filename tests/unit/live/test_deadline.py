from __future__ import annotations

import asyncio

import pytest

from sundog.live.deadline import Deadline

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_time_passes_only_while_not_paused() -> None:
    clock = Clock()
    deadline = Deadline(3, clock=clock)
    clock.now += 1
    deadline.pause()
    clock.now += 1000
    while_paused = deadline.remaining
    deadline.resume()
    clock.now += 1

    assert (while_paused, deadline.remaining) == (2, 1)


async def test_everyone_who_paused_must_resume() -> None:
    clock = Clock()
    deadline = Deadline(3, clock=clock)
    deadline.pause()
    deadline.pause()
    deadline.resume()
    clock.now += 10
    still_paused = deadline.paused
    deadline.resume()
    deadline.resume()

    assert (still_paused, deadline.paused, deadline.remaining) == (True, False, 3)


async def test_expiry_is_awaited_and_a_pause_holds_it() -> None:
    deadline = Deadline(0.01)
    deadline.pause()
    expiry = asyncio.create_task(deadline.expired())
    await asyncio.sleep(0.05)
    held = not expiry.done()
    deadline.resume()
    await asyncio.wait_for(expiry, 5)

    assert held
