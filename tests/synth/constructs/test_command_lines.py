"""The app under the programs that run it: Python, and npm's own `cdk`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

APP = """
from sundog import Api, App, Table

app = App()

@app.stack
def backend(stack):
    notes = Table(stack, "notes", partition_key=("id", "string"))
    Api(stack, "api", bind=[notes], routes={"GET /notes": "functions/notes.get"})

app.synth()
"""


def run(command: list[str], folder: Path, **environ: str) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SUNDOG_PROJECT_ROOT": "",
        **environ,
    }
    finished = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_cdk_synth_gives_the_template_that_python_gives(project, npm_cdk, tmp_path):
    project.write("app.py", APP)
    project.write("cdk.json", json.dumps({"app": "python app.py"}))
    options = ["--no-version-reporting", "--output", str(tmp_path / "by-cdk"), "-c", "stage=alice"]
    run([*npm_cdk, "synth", "--quiet", *options], project.root, HOME=str(tmp_path))
    run(
        [sys.executable, "app.py"],
        project.root,
        CDK_OUTDIR=str(tmp_path / "by-python"),
        SUNDOG_STAGE="alice",
    )
    template = "backend.template.json"

    assert json.loads((tmp_path / "by-cdk" / template).read_text()) == json.loads(
        (tmp_path / "by-python" / template).read_text()
    )
    assert json.loads((tmp_path / "by-cdk" / "sundog.json").read_text())["stage"] == "alice"


def test_the_command_line_loads_no_cdk():
    code = "import sundog.cli, sys; print([name for name in sys.modules if name.split('.')[0] in ('aws_cdk', 'jsii')])"

    assert run([sys.executable, "-c", code], Path.cwd()).strip() == "[]"


def test_an_error_in_an_app_reaches_standard_error_with_the_users_line(project):
    project.write("app.py", APP.replace("notes.get", "notes.gt"))
    finished = subprocess.run(
        [sys.executable, "app.py"], cwd=project.root, capture_output=True, text=True, check=False
    )

    assert finished.returncode == 1
    assert "`functions/notes.py` has no function `gt`" in finished.stderr
