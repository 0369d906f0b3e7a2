"""What holds for every error class of sundog."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

import sundog
from sundog.cli.error_pages import _classes, _sources, error_pages
from sundog.errors import SundogError

ROOT = Path(__file__).parents[3]
APART = ("sundog.constructs", "sundog.aws.embedded.launcher", "sundog.live.worker.child", "sundog.__main__")
"""Packages that run in processes of their own, with other packages installed."""
RELAYS = {"sundog.deploy.synth.errors.AppRefused"}
"""Carry an error over from another process, with the code that it had there."""


def declared():
    from importlib import resources

    found = [
        entry
        for file, module in _sources(resources.files("sundog"), "sundog")
        for entry in _classes(file, module)
    ]
    return [entry for entry in found if entry.code is not None]


def test_codes_are_unique():
    counted = Counter(entry.code for entry in declared())

    assert [code for code, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("page", error_pages().values(), ids=lambda page: page.code)
def test_every_code_is_documented_and_well_formed(page):
    assert re.fullmatch(r"SD-[A-Z]+(-\d{3})?", page.code)
    assert page.documentation.strip()
    assert page.title.endswith("."), page.title
    assert page.text()
    assert page.markdown()


def test_every_error_class_has_a_code_of_its_own():
    for module in pkgutil.walk_packages(sundog.__path__, "sundog."):
        if not module.name.startswith(APART):
            importlib.import_module(module.name)
    classes = set()
    waiting = [SundogError]
    while waiting:
        for found in waiting.pop().__subclasses__():
            if found.__module__.startswith("sundog.") and found not in classes:
                classes.add(found)
                waiting.append(found)
    without = sorted(
        f"{found.__module__}.{found.__name__}"
        for found in classes
        if "code" not in vars(found) and f"{found.__module__}.{found.__name__}" not in RELAYS
    )
    parsed = {entry.name for entry in declared()}

    assert without == []
    assert {found.__name__ for found in classes} - parsed == {relay.rpartition(".")[2] for relay in RELAYS}


def test_exit_codes_of_pages_are_those_of_the_classes():
    from sundog.cli import errors

    for page in error_pages().values():
        if page.module == "sundog.cli.errors":
            assert getattr(errors, page.name).exit_code == page.exit_code, page.code


def test_the_pages_in_docs_are_up_to_date():
    checked = subprocess.run(
        [str(ROOT / "scripts/generate-error-docs"), "--check"], capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stderr
