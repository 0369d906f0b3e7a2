"""AWS Chalice's `chalice local`: a threaded HTTP server that restarts itself when a file changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import handlers
from benchmarks.children import free_port, running
from benchmarks.client import until_answers
from benchmarks.peers.installation import python_environment
from benchmarks.peers.server import Peer, Server

VERSION = "1.34.0"


def program(home: Path) -> Path:
    """Return the `chalice` command; install it when it is not there."""
    # Without its extra `event-file-poller`: with it, reading app.py counts as an edit, and one save makes it restart up to
    # twenty times in a row. Polling once a second is its quicker form.
    return python_environment(home / "chalice", [f"chalice=={VERSION}", "boto3"]) / "chalice"


def install(home: Path) -> Peer:
    chalice = program(home)

    @contextmanager
    def serve(folder: Path) -> Iterator[Server]:
        port = free_port()
        (folder / ".chalice").mkdir(parents=True)
        settings = {"version": "2.0", "app_name": "peer", "stages": {"dev": {}}}
        (folder / ".chalice" / "config.json").write_text(json.dumps(settings), "utf-8")
        file, log = folder / "app.py", folder.with_suffix(".log")
        handlers.save(file, handlers.CHALICE, 0)
        command = [chalice, "local", "--host", "127.0.0.1", "--port", str(port)]
        with running(command, cwd=folder, log=log):
            server = Server(
                url=f"http://127.0.0.1:{port}/", handler_file=file, template=handlers.CHALICE, log=log
            )
            until_answers(server.url, handlers.answer(0), deadline_seconds=60)
            yield server

    return Peer(name=f"chalice local {VERSION}", serve=serve, serve_fastest=serve)
