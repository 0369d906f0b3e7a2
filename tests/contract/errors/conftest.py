from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from sundog.model.manifest import FunctionEntry, Manifest, write_manifest

SETTINGS = '[project]\nname = "shop"\nversion = "0"\n\n[tool.sundog]\nname = "shop"\n'


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command printed, with the test's own paths replaced."""

    code: int
    stdout: str
    stderr: str

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.stdout}--- stderr\n{self.stderr}"


@pytest.fixture
def folder():
    """An empty folder that is not below a project; its path has the same length everywhere, for messages are wrapped."""
    with tempfile.TemporaryDirectory(prefix="sundog-", dir="/tmp") as made:
        inner = Path(made).resolve() / "work"
        inner.mkdir()
        yield inner


@pytest.fixture
def project(folder):
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "app.py").write_text("")
    return folder


@pytest.fixture
def synthesized(project):
    """A project whose local stage has a manifest with three functions."""
    assembly = project / ".sundog/local/assembly"
    assembly.mkdir(parents=True)
    (project / "events").mkdir()
    (project / "events/create.json").write_text('{"body": "{}"}')

    def entry(name, handler):
        return FunctionEntry(
            id=f"backend/{name}",
            name=name,
            stack="local-shop-backend",
            logical_id=name.title(),
            handler=handler,
            runtime="python3.12",
            language="python",
            source=".",
            file=f"{handler.rpartition('.')[0]}.py",
            function=handler.rpartition(".")[2],
            timeout_seconds=10,
            memory_mb=1024,
        )

    functions = [
        entry("list_notes", "functions/notes.list_notes"),
        entry("create_note", "functions/notes.create"),
        entry("create_draft", "functions/notes.create"),
    ]
    write_manifest(assembly, Manifest(app="shop", stage="local", functions=functions))
    return project


@pytest.fixture
def run(tmp_path):
    """Run the real command line in a process of its own, not on a terminal."""

    def run(*arguments, cwd, stdin=b"", environ=None):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path / "home"),
            "SUNDOG_CACHE_DIR": str(tmp_path / "cache"),
            "COLUMNS": "100",
            "TZ": "UTC",
            **(environ or {}),
        }
        done = subprocess.run(
            [sys.executable, "-m", "sundog", *arguments],
            cwd=cwd,
            env=env,
            input=stdin,
            capture_output=True,
            timeout=60,
            check=False,
        )

        def clean(output):
            text = output.decode()
            for path, name in ((cwd, "WORK"), (tmp_path, "TMP"), (Path(sys.prefix), "VENV")):
                text = text.replace(str(path), name)
            return re.sub(r"bug-\d{8}T\d{6}-\d+", "bug-MOMENT", text)

        return Ran(code=done.returncode, stdout=clean(done.stdout), stderr=clean(done.stderr))

    return run
