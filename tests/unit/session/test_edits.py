from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from sundog.session.dev import Edits

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_the_first_edit_that_concerns_is_named() -> None:
    edits = Edits()
    edits.add([Path("notes.py"), Path("app.py"), Path("pyproject.toml")])

    named = await edits.next_concerning(lambda paths: Path("notes.py") not in paths)

    assert named == "app.py"


async def test_a_file_that_is_put_back_while_it_is_looked_at_concerns_once_at_most() -> None:
    edits = Edits()
    asked: list[Path] = []

    def concerns(paths: Sequence[Path]) -> bool:
        asked.extend(paths)
        return asked.count(Path("app.py")) == 1

    edits.add([Path("app.py")])

    assert await edits.next_concerning(concerns) == "app.py"
    assert asked == [Path("app.py")]


async def test_edits_that_concern_nothing_are_waited_over_and_a_restart_of_the_cloud_is_not() -> None:
    edits = Edits()
    edits.add([Path("notes.py")])
    named: list[str | None] = []

    async def wait() -> None:
        named.append(await edits.next_concerning(lambda paths: False))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        waited = list(named)
        edits.cloud_was_restarted()

    assert waited == []
    assert named == [None]
