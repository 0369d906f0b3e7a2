"""The examples: a warm process, `python app.py` and npm's `cdk synth` make the same templates, before and after an edit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import read_templates

EXAMPLES = Path(__file__).parents[3] / "examples"
EDITS = {
    "box-office": ("stacks/orders.py", '"seats_per_order": 6', '"seats_per_order": 8'),
    "notes": ("app.py", '"rate(1 day)"', '"rate(2 days)"'),
}


def by_npm(bench, npm_cdk: list[str], outdir: Path) -> dict[str, bytes]:
    """Return the templates that npm's `cdk synth` makes in a fresh process."""
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(outdir.parent),
        "SUNDOG_STAGE": "local",
        "SUNDOG_MODE": "dev",  # nothing is built; the templates are the same
        "CDK_VALIDATION": "false",
    }
    options = ["--quiet", "--no-version-reporting", "--output", str(outdir)]
    ran = subprocess.run(
        [*npm_cdk, "synth", *options],
        cwd=bench.root,
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return read_templates(outdir)


def decoded(templates: dict[str, bytes]) -> dict[str, object]:
    return {name: json.loads(content) for name, content in templates.items()}


def test_every_example_is_edited_here():
    assert sorted(EDITS) == sorted(app.parent.name for app in EXAMPLES.glob("*/app.py"))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("example", sorted(EDITS))
def test_warm_cold_and_npms_synth_agree_after_an_edit(bench, npm_cdk, tmp_path, example):
    ignored = shutil.ignore_patterns(".sundog", "cdk.out", "__pycache__", "node_modules")
    shutil.copytree(EXAMPLES / example, bench.root, ignore=ignored, dirs_exist_ok=True)
    bench.new_service()
    before = read_templates(bench.synth().assembly)
    bench.get_ready()
    file, old, new = EDITS[example]
    text = (bench.root / file).read_text("utf-8")
    assert old in text
    bench.write(file, text.replace(old, new))

    synthesized = bench.synth()

    after = read_templates(synthesized.assembly)
    assert before != after
    assert synthesized.rehearsal == ("used" if sys.platform == "linux" else "none")
    assert after == bench.cold()
    assert decoded(by_npm(bench, npm_cdk, tmp_path / "by-npm")) == decoded(after)
