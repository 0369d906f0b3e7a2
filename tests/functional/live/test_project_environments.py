"""Handlers run with the packages of the project, whichever tool made its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

from sundog.live.interpreter import InterpreterChooser
from sundog.model.project import Project, Settings

PROJECT = """\
[project]
name = "notes"
version = "0.1.0"
requires-python = ">=3.11"
dependencies = []

[tool.poetry]
package-mode = false
"""


class Folder:
    """A project's folder and what its owner's shell has set."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("VIRTUAL_ENV", "POETRY"))
        }
        (root / "pyproject.toml").write_text(PROJECT, "utf-8")

    def run(self, *command: str | Path) -> None:
        subprocess.run(command, cwd=self.root, env=self.environ, check=True, capture_output=True, timeout=240)

    def prefix(self) -> Path:
        """The environment of the interpreter that handlers would run in."""
        project = Project(root=self.root, settings=Settings(name="notes"))
        python = InterpreterChooser(project, lambda text, fix: None, environ=self.environ).project_python()
        command = [python, "-I", "-c", "import sys; print(sys.prefix)"]
        return Path(subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip())


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    root = tmp_path / "ein Projekt ☂"
    root.mkdir()
    return Folder(root)


@pytest.fixture(scope="session")
def poetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Poetry itself, in an environment of its own."""
    place = tmp_path_factory.mktemp("poetry") / "tool"
    uv = find_uv_bin()
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, place], check=True)
    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", place / "bin" / "python", "poetry>=2,<3"], check=True
    )
    return place / "bin"


def by_uv(folder: Folder) -> Path:
    folder.run(find_uv_bin(), "venv", "--quiet", "--python", sys.executable)
    return folder.root / ".venv"


def by_pip(folder: Folder) -> Path:
    folder.run(sys.executable, "-m", "venv", "--without-pip", "venv")
    return folder.root / "venv"


def by_nobody(folder: Folder) -> Path:
    del folder
    return Path(sys.prefix)


@pytest.mark.parametrize("made", [by_uv, by_pip, by_nobody])
def test_environment_is_found_whoever_made_it(folder: Folder, made: Callable[[Folder], Path]) -> None:
    wanted = made(folder)

    assert folder.prefix().resolve() == wanted.resolve()


def test_environment_that_poetry_keeps_elsewhere_is_found(
    folder: Folder, poetry: Path, tmp_path: Path
) -> None:
    folder.environ |= {
        "PATH": f"{poetry}{os.pathsep}{folder.environ['PATH']}",
        "POETRY_VIRTUALENVS_PATH": str(tmp_path / "environments"),
        "POETRY_VIRTUALENVS_IN_PROJECT": "false",
    }
    folder.run("poetry", "lock", "--no-interaction")
    folder.run("poetry", "install", "--no-interaction")
    (made,) = [path for path in (tmp_path / "environments").iterdir() if path.is_dir()]

    assert folder.prefix().resolve() == made.resolve()
