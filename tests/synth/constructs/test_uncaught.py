"""A wrong app says what is wrong when it is run as `cdk synth` runs it, without a traceback."""

import subprocess
import sys

from sundog.bundle.node import node_binary

APP = """\
from sundog import Api, App

app = App()

@app.stack
def backend(stack):
    Api(stack, "api", routes={"GET /notes": "functions/notes.lst_notes"})

app.synth()
"""


def test_a_wrong_handler_is_said_without_a_traceback(tmp_path):
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/notes.py").write_text("def list_notes(event, context): ...\n")
    (tmp_path / "pyproject.toml").write_text('[tool.sundog]\nname = "notes"\n')
    (tmp_path / "app.py").write_text(APP)

    run = subprocess.run(
        [sys.executable, "app.py"],
        cwd=tmp_path,
        env={"JSII_NODE": str(node_binary()), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "error: " in run.stderr
    assert "app.py:7" in run.stderr
    assert "list_notes" in run.stderr
