"""`sundog deploy` says what keeping functions ready costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.timeout(300)

APP = """\
from sundog import App, Function, Stack

app = App()
stack = Stack(app, "backend")
Function(stack, "list", handler="functions/notes.get", warm=2)
Function(stack, "pay", handler="functions/notes.get", provisioned_concurrency=1)
app.synth()
"""


def test_the_monthly_cost_of_warm_and_provisioned_environments_is_told(tmp_path):
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions/notes.py").write_text("def get(event, context):\n    return 1\n")
    (tmp_path / "pyproject.toml").write_text('[tool.sundog]\nname = "notes"\n')
    (tmp_path / "app.py").write_text(APP)

    finished = subprocess.run(
        [sys.executable, "-m", "sundog", "deploy"], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert finished.returncode == 0, finished.stderr
    assert "warm environments: about $0.04 a month on AWS (list $0.04)" in finished.stderr
    assert "provisioned concurrency: about $10.95 a month on AWS (pay $10.95)" in finished.stderr
