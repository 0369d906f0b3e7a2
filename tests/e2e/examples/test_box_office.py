"""The box office, which uses every construct: its own tests pass, on an embedded cloud with its events and its database."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sundog

EXAMPLE = Path(__file__).parents[3] / "examples" / "box-office"
NOT_CONSTRUCTS = {"App", "Stack", "FunctionProps"}


def test_it_uses_every_construct():
    used = {
        name.name
        for file in EXAMPLE.glob("stacks/*.py")
        for imported in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(imported, ast.ImportFrom) and imported.module == "sundog"
        for name in imported.names
    }

    assert used == {*sundog.__all__} - NOT_CONSTRUCTS


def test_its_readme_says_where_each_construct_is():
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    documented = [name for name in sundog.__all__ if f"docs/constructs/{name.lower()}.md" in readme]

    assert sorted(documented) == sorted({*sundog.__all__} - NOT_CONSTRUCTS)


@pytest.mark.xdist_group("box-office")
def test_its_own_tests_pass(tmp_path):
    root = tmp_path / "box office"
    ignored = shutil.ignore_patterns(".sundog", "cdk.out", "__pycache__", "node_modules")
    shutil.copytree(EXAMPLE, root, ignore=ignored)
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
