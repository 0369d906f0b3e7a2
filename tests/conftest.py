"""A project on disk, and its app synthesized in this process: jsii and the CDK are loaded once."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sundog.bundle.node import node_binary, npm_command
from sundog.model.cache import cache_dir
from sundog.model.manifest import Manifest, read_manifest

CDK_VERSION = "2.1148.1"
FILES = {
    "pyproject.toml": '[project]\nname = "notes"\nversion = "1"\nrequires-python = ">=3.11"\n\n[tool.sundog]\nname = "notes"\n',
    "functions/notes.py": (
        "def list_notes(event, context): ...\ndef create(event, context): ...\ndef get(event, context): ...\n"
    ),
    "functions/reminders.py": "def send(event, context): ...\n",
    "functions/digest.py": "def run(event, context): ...\n",
    "schema.graphql": "type Query {\n  notes: [String]\n}\n",
    "functions/badge.ts": "export const handler = async () => ({ statusCode: 200 });\n",
}


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """A synthesized app."""

    folder: Path
    manifest: Manifest

    def template(self, stack: str) -> dict[str, Any]:
        """Return the template of a stack."""
        document: dict[str, Any] = json.loads((self.folder / f"{stack}.template.json").read_text())
        return document

    def resources(self, stack: str, cloudformation_type: str) -> list[dict[str, Any]]:
        """Return the properties of a stack's resources of one type."""
        found = self.template(stack)["Resources"].values()
        return [
            resource.get("Properties", {}) for resource in found if resource["Type"] == cloudformation_type
        ]


@dataclass(frozen=True, kw_only=True)
class ProjectFolder:
    """A sundog project in a folder of its own."""

    root: Path

    def write(self, name: str, text: str) -> Path:
        """Write a file of the project."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def synth(self, app: str) -> Assembly:
        """Run an app file as `python app.py` does, and read what it left."""
        self.run(f"{app}\napp.synth()\n")
        folder = Path(os.environ["CDK_OUTDIR"])
        return Assembly(folder=folder, manifest=read_manifest(folder))

    def run(self, app: str) -> dict[str, Any]:
        """Run the text of an app file; return its names."""
        file = self.write("app.py", app)
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(compile(app, str(file), "exec"), names)
        return names


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectFolder:
    folder = ProjectFolder(root=tmp_path / "project")
    for name, text in FILES.items():
        folder.write(name, text)
    monkeypatch.setenv("SUNDOG_PROJECT_ROOT", str(folder.root))
    monkeypatch.setenv("SUNDOG_MODE", "dev")
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "assembly"))
    for name in ("SUNDOG_STAGE", "CDK_CONTEXT_JSON"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def synth(project: ProjectFolder) -> Callable[[str], Assembly]:
    """Synthesizes the text of an app file of the project."""
    return project.synth


@pytest.fixture
def backend(project: ProjectFolder) -> Callable[[str], Assembly]:
    """Synthesizes statements as the body of one stack, `backend`."""

    def synthesize(body: str) -> Assembly:
        indented = "".join(f"    {line}\n" for line in body.strip().splitlines())
        imports = "import aws_cdk\nfrom sundog import *\n"
        return project.synth(f"{imports}\napp = App()\n\n@app.stack\ndef backend(stack):\n{indented}")

    return synthesize


@pytest.fixture(scope="session")
def npm_cdk() -> list[str]:
    """The command of npm's `cdk`, installed into the cache folder once."""
    folder = cache_dir() / "tests" / f"aws-cdk-{CDK_VERSION}"
    script = folder / "node_modules" / "aws-cdk" / "bin" / "cdk"
    if not script.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--no-audit", "--no-fund", "--no-save", "--loglevel=error", "--prefix", str(folder)]
        subprocess.run(
            [*npm_command(), "install", *options, f"aws-cdk@{CDK_VERSION}"], check=True, cwd=folder
        )
    return [str(node_binary()), str(script)]
