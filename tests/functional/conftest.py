"""What tests of several parts share."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sundog.bundle.node import npm_command

from .editors.dap_client import Editor
from .editors.inspector_client import InspectorEditor
from .editors.language_client import LanguageClient

_NPM_PACKAGES = ("typescript@5.9", "pyright@1.1.414", "@aws-sdk/client-ssm@3")


@pytest.fixture(scope="session")
def npm_packages(tmp_path_factory) -> Path:
    """A `node_modules` with the TypeScript compiler, Pyright and the AWS SDK's client for secrets."""
    folder = tmp_path_factory.mktemp("npm")
    (folder / "package.json").write_text('{"private": true}')
    done = subprocess.run(
        [*npm_command(), "install", "--no-audit", "--no-fund", *_NPM_PACKAGES],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"npm's registry does not give the compiler: {done.stderr[-300:]}")
    return folder / "node_modules"


@pytest.fixture(scope="session")
def python_editor() -> type[Editor]:
    """Attaches to Python handlers as an editor does."""
    return Editor


@pytest.fixture(scope="session")
def node_editor() -> type[InspectorEditor]:
    """Attaches to TypeScript handlers as an editor does."""
    return InspectorEditor


@pytest.fixture(scope="session")
def language_client() -> type[LanguageClient]:
    """Asks a language server what an editor asks it."""
    return LanguageClient
