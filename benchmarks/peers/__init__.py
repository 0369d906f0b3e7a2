"""Other tools' local servers, measured beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.peers import chalice_local, functions_framework, serverless_offline
from benchmarks.peers.server import Peer


def all_peers(home: Path) -> Sequence[Peer]:
    """Install what is missing below a folder, and return the peers.

    Args:
        home: `benchmarks/` in sundog's cache folder; nothing is installed anywhere else.
    """
    return [module.install(home) for module in (chalice_local, serverless_offline, functions_framework)]
