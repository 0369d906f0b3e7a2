"""The dev server of a site: the user's own command, for as long as the session serves."""

from __future__ import annotations

import asyncio
import codecs
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio

from sundog.errors import SundogError
from sundog.live.runner import Spawn, WorkerProcess
from sundog.model.events import Notice, Observer, SiteOutput, SiteServed

GRACE_SECONDS = 3.0
"""How long a server may take to end when it is asked to."""
LASTING_SECONDS = 10.0
"""A server that ran for this long has started well: what ends it is no fault of its command."""
QUICK_ENDS = 3
"""So many ends right after the start are no accident: it is not started again."""

_ADDRESS = re.compile(r"https?://(?:localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0):\d+\S*")
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, kw_only=True)
class DevServer:
    """A command that serves a site."""

    name: str
    command: str
    folder: Path
    environ: Mapping[str, str]
    spawn: Spawn
    observer: Observer
    pause_seconds: float = 1.0
    """Before the second start; twice as long before each further one."""

    async def run(self) -> None:
        """Keep the command running until cancelled; it has ended when this returns."""
        quick_ends = 0
        while True:
            began = time.monotonic()
            try:
                status = await self._run_once()
            except (OSError, SundogError) as error:
                self._notice(
                    "error", f"`{self.command}` of the site `{self.name}` cannot be started: {error}"
                )
                return
            quick_ends = 0 if time.monotonic() - began > LASTING_SECONDS else quick_ends + 1
            what = f"the dev server of the site `{self.name}` ended with status {status}"
            if quick_ends >= QUICK_ENDS:
                self._notice(
                    "error",
                    f"{what} {QUICK_ENDS} times in a row, and is not started again",
                    f"try `cd {self.folder} && {self.command}`, then run `sundog dev` again",
                )
                return
            self._notice("warning", f"{what} and is started again")
            await anyio.sleep(self.pause_seconds * 2 ** (quick_ends - 1) if quick_ends else 0)

    async def _run_once(self) -> int:
        reading, writing = os.pipe()
        try:
            process = await self.spawn(
                ["/bin/sh", "-c", self.command],
                environ=self.environ,
                cwd=self.folder,
                stdout=writing,
                stderr=writing,
            )
        except BaseException:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        try:
            await self._show(reading)
            return await process.wait()
        finally:
            await _end(process)

    async def _show(self, reading: int) -> None:
        """Pass on what the server writes, until the last process that may write has ended."""
        told: set[str] = set()
        async for line in _lines(reading):
            self.observer(SiteOutput(at=time.time(), site=self.name, text=line))
            found = _ADDRESS.search(_COLOURS.sub("", line))
            if found is not None and not told:
                told.add(found[0])
                self.observer(SiteServed(at=time.time(), site=self.name, url=found[0]))

    def _notice(self, level: str, text: str, fix: str | None = None) -> None:
        self.observer(
            Notice(at=time.time(), level="error" if level == "error" else "warning", text=text, fix=fix)
        )


async def _lines(descriptor: int) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        while chunk := await reader.read(65536):
            *whole, rest = (rest + decoder.decode(chunk)).split("\n")
            for line in whole:
                yield line.rstrip("\r")
        if rest:
            yield rest
    finally:
        transport.close()


async def _end(process: WorkerProcess) -> None:
    """Ask a process group to end, and make it when it does not."""
    with anyio.CancelScope(shield=True):
        process.signal(signal.SIGTERM)
        with anyio.move_on_after(GRACE_SECONDS):
            await process.wait()
            return
        process.signal(signal.SIGKILL)
        await process.wait()
