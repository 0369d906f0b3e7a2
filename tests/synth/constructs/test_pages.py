"""The examples of the pages about constructs: they are what they say, and synthesize."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

DOCS = Path(__file__).parents[3] / "docs/constructs"
FILE = re.compile(r"```\w+\n(?:#|//|--) (\S+\.\w+)\n(.*?)```", re.DOTALL)
HANDLER = re.compile(r'"(functions/\w+)\.(\w+)"')
PAGES = sorted(page.stem for page in DOCS.glob("*.md"))


@pytest.mark.parametrize("page", PAGES)
def test_the_example_synthesizes(project, page):
    found = FILE.findall((DOCS / f"{page}.md").read_text("utf-8"))
    files = dict(found)
    assert "app.py" in files, f"{page}.md has no worked example: a block that begins with `# app.py`"
    app = files.pop("app.py")
    for file, function in HANDLER.findall(app):
        # A page shows the handlers that it is about, and names others.
        shown = files.get(f"{file}.py", "")
        if f"def {function}(" not in shown:
            files[f"{file}.py"] = f"{shown}\n\ndef {function}(event, context): ...\n"
    for name, text in files.items():
        project.write(name, text)

    # The example ends with `app.synth()` itself.
    assembly = project.synth(app.replace("app.synth()\n", ""))

    kinds = {entry.kind.lower() for entry in assembly.manifest.resources}
    if assembly.manifest.functions:
        kinds.add("function")
    assert page in {*kinds, "app"}
