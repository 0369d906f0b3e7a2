from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sundog.live.watch import Ignore, Watcher

pytestmark = pytest.mark.anyio


class Told:
    """What a watcher has told so far."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()
        self._news = asyncio.Event()

    def __call__(self, paths: frozenset[Path], noticed: float) -> None:
        del noticed
        self.paths |= paths
        self._news.set()

    async def of(self, path: Path) -> None:
        async with asyncio.timeout(20):
            while path not in self.paths:
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def watching(root: Path) -> AsyncIterator[Told]:
    told = Told()
    watcher = Watcher(root, Ignore(root), told)
    watcher.start()
    try:
        yield told
    finally:
        await watcher.close()


async def test_a_tree_that_grows_while_it_is_looked_at_is_watched_to_its_last_folder(tmp_path: Path) -> None:
    async with watching(tmp_path) as told:
        for round_number in range(10):
            top = tmp_path / f"round{round_number}"
            deepest = top
            for level in range(12):
                for sibling in range(6):
                    (deepest / f"{level}-{sibling}").mkdir(parents=True)
                    await asyncio.sleep(0)
                deepest = deepest / f"{level}-0"
            (deepest / "first.py").touch()
            await told.of(deepest / "first.py")

            late = [deepest / "late.py", top / "0-5" / "late.py", deepest.parent / "11-5" / "late.py"]
            for file in late:
                file.touch()

            for file in late:
                await told.of(file)
            shutil.rmtree(top)


async def test_files_put_into_a_new_folder_at_once_count_as_changed(tmp_path: Path) -> None:
    async with watching(tmp_path) as told:
        (tmp_path / "new" / "deep").mkdir(parents=True)
        (tmp_path / "new" / "deep" / "handler.py").write_text("x = 1\n")

        await told.of(tmp_path / "new" / "deep" / "handler.py")


async def test_a_file_that_stays_empty_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "handler.py").write_text("x = 1\n")
    async with watching(tmp_path) as told:
        (tmp_path / "handler.py").write_text("")

        await told.of(tmp_path / "handler.py")
        assert told.paths == {tmp_path / "handler.py"}
