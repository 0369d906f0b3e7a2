"""Requests that are held in mid-flight, and what is left of a session."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest


class Held:
    """A request whose handler has begun and waits."""

    def __init__(self, folder: Path, answer: Future[Any], process_id: int) -> None:
        self.process_id = process_id
        """The worker that runs it."""
        self.answer = answer
        self._folder = folder

    def release(self) -> None:
        """Let the handler end."""
        (self._folder / "go").touch()


@pytest.fixture
def hold(tmp_path_factory, waiting) -> Iterator[Callable[[Any], Held]]:
    """Send requests to `hold` and return when the handler runs."""
    held: list[Held] = []
    threads = ThreadPoolExecutor()

    def begin(dev: Any) -> Held:
        folder = tmp_path_factory.mktemp("held")
        answer = threads.submit(dev.request, "GET", f"/hold?folder={folder}")
        begun = folder / "begun"
        waiting(begun.exists, lambda: f"the handler did not begin: {dev.output}")
        held.append(Held(folder, answer, int(begun.read_text())))
        return held[-1]

    yield begin
    for one in held:
        one.release()
    threads.shutdown()


@pytest.fixture
def echo() -> Callable[..., dict[str, Any]]:
    """Ask `echo` for its version and its word."""

    def ask(dev: Any, name: str = "x") -> dict[str, Any]:
        mark = dev.mark()
        status, body = dev.request("GET", f"/echo?id={name}")
        if status != 200:
            finished = dev.wait_for("InvocationFinished", since=mark, seconds=5)
            raise AssertionError(f"{status} {body} {finished}\n{dev.output}")
        return body

    return ask


@pytest.fixture
def left_behind() -> Callable[[Path], dict[int, str]]:
    """Find processes that work in a project's folder, name it, or were started with it in their environment."""

    def find(root: Path) -> dict[int, str]:
        names = {os.fsencode(root), os.fsencode(root.resolve())}
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == os.getpid():
                continue
            try:
                texts = [
                    (entry / "cmdline").read_bytes(),
                    (entry / "environ").read_bytes(),
                    os.fsencode((entry / "cwd").readlink()),
                ]
            except OSError:
                continue  # another user's, or it ended meanwhile
            if any(name in text for name in names for text in texts):
                found[int(entry.name)] = texts[0].replace(b"\0", b" ").decode("utf-8", "replace")
        return found

    return find


@pytest.fixture
def connection_fails() -> tuple[type[BaseException], ...]:
    """What a request ends with when the connection is closed under it."""
    return (urllib.error.URLError, ConnectionError, OSError)
