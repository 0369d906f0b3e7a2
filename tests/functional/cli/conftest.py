from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.fixture
def environ(tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "SUNDOG_CACHE_DIR": str(tmp_path / "cache"),
        "COLUMNS": "100",
        "TZ": "UTC",
    }


@pytest.fixture
def sundog(environ, tmp_path):
    """Run the real command line, not on a terminal."""

    def run(*arguments, cwd=tmp_path, stdin="", **variables):
        return subprocess.run(
            [sys.executable, "-m", "sundog", *arguments],
            cwd=cwd,
            env=environ | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "pyproject.toml").write_text('[tool.sundog]\nname = "notes"\n')
    (folder / "app.py").write_text("")
    return folder
