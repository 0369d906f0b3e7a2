"""The generated reference says what the constructs take."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_reference_is_up_to_date():
    checked = subprocess.run(
        [ROOT / "scripts" / "generate-construct-reference", "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr


def test_every_argument_has_its_text():
    pages = sorted((ROOT / "docs" / "constructs" / "reference").glob("*.md"))
    silent = [
        f"{page.stem}: {line}"
        for page in pages
        if page.stem not in {"README", "FunctionProps"}
        for line in page.read_text("utf-8").splitlines()
        if line.startswith("| `") and line.endswith("|  |")
    ]

    assert len(pages) > 5
    assert silent == []
