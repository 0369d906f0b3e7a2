"""`sundog-runtime`, what JavaScript handlers import: bundled into functions without being installed in the project."""

from __future__ import annotations

from pathlib import Path

PACKAGE = "sundog-runtime"
_INSTALLED = Path(__file__).parent / "sundog-runtime-js"
_IN_REPOSITORY = Path(__file__).parents[3] / "packages" / "sundog-runtime-js"


def node_runtime_folder() -> Path:
    """Return the folder of the npm package: in an installed sundog it lies beside this file."""
    return _INSTALLED if _INSTALLED.is_dir() else _IN_REPOSITORY


def node_runtime_flags(root: Path) -> list[str]:
    """Return what tells esbuild where the package is; nothing when the project has installed one of its own."""
    if (root / "node_modules" / PACKAGE / "package.json").is_file():
        return []
    return [f"--alias:{PACKAGE}={node_runtime_folder() / 'index.js'}"]
