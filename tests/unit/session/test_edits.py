from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from sundog.session.edits import Edits

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_the_edit_that_concerns_is_named() -> None:
    edits = Edits()
    edits.add([Path("notes.py"), Path("stacks/app.py"), Path("pyproject.toml")])

    async def first_of(paths: Sequence[Path]) -> Path | None:
        return paths[1]

    assert await edits.next_concerning(first_of) == "app.py"


async def test_a_burst_is_asked_about_once() -> None:
    edits = Edits()
    asked: list[Path] = []

    async def first_of(paths: Sequence[Path]) -> Path | None:
        asked.extend(paths)
        return paths[0]

    edits.add([Path("app.py")])

    assert await edits.next_concerning(first_of) == "app.py"
    assert asked == [Path("app.py")]


async def test_a_wrong_synth_is_repeated_though_nothing_was_edited() -> None:
    edits = Edits()
    edits.last_synth_was_wrong()

    async def first_of(paths: Sequence[Path]) -> Path | None:
        raise AssertionError(paths)

    assert await edits.next_concerning(first_of) == "a wrong synth"


async def test_edits_that_concern_nothing_are_waited_over_and_a_restart_of_the_cloud_is_not() -> None:
    edits = Edits()
    edits.add([Path("notes.py")])
    named: list[str | None] = []

    async def first_of(paths: Sequence[Path]) -> Path | None:
        del paths
        return None

    async def wait() -> None:
        named.append(await edits.next_concerning(first_of))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        waited = list(named)
        edits.cloud_was_restarted()

    assert waited == []
    assert named == [None]


async def test_work_that_takes_long_begins_anew_when_its_file_is_edited_and_not_when_another_is() -> None:
    edits = Edits(patience_seconds=0)
    begun: list[int] = []
    results: list[str] = []

    async def work() -> str:
        begun.append(len(begun))
        if len(begun) == 1:
            await anyio.sleep_forever()
        return "done"

    async def run() -> None:
        results.append(await edits.unless_edited_again({"app.py"}, work))

    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            await anyio.wait_all_tasks_blocked()
            edits.add([Path("functions/notes.py")])
            await anyio.wait_all_tasks_blocked()
            begun_before = list(begun)
            edits.add([Path("app.py")])

    assert begun_before == [0]
    assert begun == [0, 1]
    assert results == ["done"]


async def test_an_edit_that_came_before_the_work_began_does_not_stop_it() -> None:
    edits = Edits(patience_seconds=0)
    edits.add([Path("app.py")])
    begun: list[int] = []

    async def work() -> str:
        begun.append(len(begun))
        await anyio.wait_all_tasks_blocked()
        return "done"

    assert await edits.unless_edited_again({"app.py"}, work) == "done"
    assert begun == [0]


async def test_an_edit_that_stopped_the_work_is_still_looked_at() -> None:
    edits = Edits(patience_seconds=0)
    begun: list[int] = []

    async def work() -> None:
        begun.append(len(begun))
        if len(begun) == 1:
            edits.add([Path("app.py")])
            await anyio.sleep_forever()

    async def first_of(paths: Sequence[Path]) -> Path | None:
        return paths[0]

    with anyio.fail_after(30):
        await edits.unless_edited_again({"app.py"}, work)

        assert await edits.next_concerning(first_of) == "app.py"
