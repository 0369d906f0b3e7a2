"""Google's functions-framework with `--debug`: Flask's development server and reloader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import handlers
from benchmarks.children import free_port, running
from benchmarks.client import until_answers
from benchmarks.peers.installation import python_environment
from benchmarks.peers.server import Peer, Server

VERSION = "3.10.2"


def install(home: Path) -> Peer:
    # watchdog 7.1 loses events for ever once its queue has overflowed, which its first scan of site-packages can cause: with
    # it, edits were never picked up here. 6.0 is what lets this peer show its best.
    requirements = [f"functions-framework=={VERSION}", "boto3", "watchdog==6.0.0"]
    binaries = python_environment(home / "functions-framework", requirements)

    @contextmanager
    def serve(folder: Path) -> Iterator[Server]:
        port = free_port()
        folder.mkdir(parents=True)
        file, log = folder / "main.py", folder.with_suffix(".log")
        handlers.save(file, handlers.FLASK, 0)
        command = [binaries / "functions-framework", "--target", "index", "--debug", "--host", "127.0.0.1"]
        with running([*command, "--port", str(port)], cwd=folder, log=log):
            server = Server(
                url=f"http://127.0.0.1:{port}/", handler_file=file, template=handlers.FLASK, log=log
            )
            until_answers(server.url, handlers.answer(0), deadline_seconds=60)
            yield server

    return Peer(name=f"functions-framework --debug {VERSION}", serve=serve, serve_fastest=serve)
