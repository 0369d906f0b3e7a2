from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sundog.live.interpreter import InterpreterChooser, InterpreterNotFound
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project, Settings


class Machine:
    """A project folder, and programs that answer what a test says."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()
        self.versions: dict[str, str] = {}
        self.told: list[tuple[str, str | None]] = []
        self.environ = {"PATH": str(root / "bin"), "PYENV_ROOT": str(root / "pyenv")}

    def python(self, place: str, version: str) -> str:
        file = (self.root / place).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("#!/bin/sh\n")
        file.chmod(0o755)
        self.versions[str(file)] = version
        return str(file)

    def run(self, argv: Sequence[str]) -> str | None:
        return self.versions.get(argv[0])

    def chooser(self, python: str | None = None) -> InterpreterChooser:
        project = Project(root=self.root, settings=Settings(name="app", python=python))
        tell = lambda text, fix: self.told.append((text, fix))  # noqa: E731 - shorter than a method
        return InterpreterChooser(project, tell, environ=self.environ, run=self.run)

    def choice(self, runtime: str = "python3.12", python: str | None = None) -> str:
        entry = FunctionEntry(
            id="f", name="f", stack="s", logical_id="F", handler="app.handler", runtime=runtime, language="python",
            source=".", file="app.py", function="handler", timeout_seconds=3, memory_mb=128,
        )  # fmt: skip
        deployed = DeployedFunction(
            entry=entry, physical_name="f", arn="a", role_arn="r", environment={}, log_group="g"
        )
        return self.chooser(python).choose(deployed)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_projects_environment_is_used(machine: Machine) -> None:
    own = machine.python(".venv/bin/python", "3.12")

    assert (machine.choice(), machine.told) == (own, [])


def test_environment_called_venv_is_found(machine: Machine) -> None:
    assert machine.choice() != (own := machine.python("venv/bin/python", "3.12"))
    assert machine.choice() == own


def test_active_environment_comes_before_the_folders(machine: Machine) -> None:
    machine.python(".venv/bin/python", "3.12")
    active = machine.python("active/bin/python", "3.12")
    machine.environ["VIRTUAL_ENV"] = str(machine.root / "active")

    assert machine.choice() == active


def test_setting_comes_first(machine: Machine) -> None:
    machine.python(".venv/bin/python", "3.12")
    mine = machine.python("mine/python", "3.12")

    assert machine.choice(python="mine/python") == mine


def test_setting_that_names_nothing_is_refused(machine: Machine) -> None:
    with pytest.raises(InterpreterNotFound, match="`gone/python` is no Python interpreter"):
        machine.choice(python="gone/python")


def test_without_any_environment_the_sessions_own_python_runs_handlers(machine: Machine) -> None:
    machine.versions[sys.executable] = "3.12"

    assert machine.choice() == sys.executable


def test_other_version_is_taken_from_pyenv_and_its_missing_packages_are_told(machine: Machine) -> None:
    machine.python(".venv/bin/python", "3.12")
    other = machine.python("../pyenv/versions/3.13.0/bin/python", "3.13")
    chosen = machine.choice("python3.13")

    assert Path(chosen) == Path(other)
    assert machine.told == [
        (
            f"functions with the runtime python3.13 run in `{chosen}`, which has none of the project's packages",
            (
                "make an environment for it: `uv venv --python 3.13 .venv-3.13`"
                " and `uv pip install --python .venv-3.13 -r requirements.txt`"
            ),
        )
    ]


def test_environment_for_another_version_is_found_by_its_name(machine: Machine) -> None:
    machine.python(".venv/bin/python", "3.12")
    other = machine.python(".venv-3.13/bin/python", "3.13")

    assert (machine.choice("python3.13"), machine.told) == (other, [])


def test_missing_version_is_told_with_the_command_that_installs_it(machine: Machine) -> None:
    own = machine.python(".venv/bin/python", "3.12")
    chosen = machine.choice("python3.99")
    (told,) = machine.told

    assert chosen == own
    assert told == (
        "functions with the runtime python3.99 run in Python 3.12: no Python 3.99 was found",
        "install it (`uv python install 3.99`), or give the functions the runtime python3.12",
    )
