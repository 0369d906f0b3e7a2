"""What the peers have in common."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from string import Template


@dataclass(frozen=True, kw_only=True)
class Server:
    """A peer's local server while it runs."""

    url: str
    handler_file: Path
    template: Template
    log: Path


@dataclass(frozen=True, kw_only=True)
class Peer:
    """One tool. Its servers are started in a folder, with version 0 of the handler written there."""

    name: str
    """With the version: `chalice local 1.34.0`."""
    serve: Callable[[Path], AbstractContextManager[Server]]
    """The server as its users run it while they work: an edit is picked up."""
    serve_fastest: Callable[[Path], AbstractContextManager[Server]]
    """The same when nothing is edited, if the tool has a quicker mode for that."""
