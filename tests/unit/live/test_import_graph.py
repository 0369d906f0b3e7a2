"""What leaving an import out would save, from the graph of all imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sundog.live.coldstart import probe
from sundog.live.coldstart.graph import Graph
from sundog.live.coldstart.tree import Imported


class Owners:
    def is_project(self, module):
        return module.startswith("app")

    def package(self, module):
        return module.partition(".")[0]


def graph(imports, *tree):
    return Graph(tree, imports, Owners())


def test_a_package_saves_itself_and_what_only_it_needs():
    tree = Imported("app", 1, 111, [Imported("pandas", 100, 110, [Imported("numpy", 10, 10)])])

    assert graph({}, tree).packages == {"pandas": "app"}
    assert graph({}, tree).saved_without("pandas") == 110


def test_what_another_package_needs_as_well_is_not_saved():
    tree = Imported("app", 1, 111, [Imported("numpy", 10, 10), Imported("pandas", 100, 100)])
    found = graph({"app": ["numpy", "pandas"], "pandas": ["numpy"]}, tree)

    assert (found.saved_without("numpy"), found.saved_without("pandas")) == (0, 100)


def test_a_package_counts_for_all_files_of_the_project_that_import_it():
    tree = Imported(
        "app", 1, 22, [Imported("yaml", 10, 10), Imported("app.more", 1, 11, [Imported("toml", 10, 10)])]
    )
    found = graph({"app": ["yaml", "app.more"], "app.more": ["yaml", "toml"]}, tree)

    assert (found.saved_without("yaml"), found.saved_without("toml")) == (10, 10)
    assert found.packages == {"yaml": "app", "toml": "app.more"}


def test_packages_that_import_each_other_are_saved_together():
    tree = Imported("app", 1, 21, [Imported("one", 10, 20, [Imported("two", 10, 10)])])

    assert graph({"one": ["two"], "two": ["one"]}, tree).saved_without("one") == 20


def test_lines_that_are_there_twice_count_for_what_they_are_below():
    reading = [Imported("reading", 5, 5), Imported("reading", 7, 7)]
    tree = Imported("app", 1, 33, [reading[0], Imported("lib", 20, 27, [reading[1]])])

    assert graph({}, tree).saved_without("lib") == 27


def test_the_runtime_of_lambda_has_imported_what_is_taken_to_be_loaded():
    pytest.importorskip("awslambdaric", reason="awslambdaric is published for Linux only")

    def loaded(statement):
        code = f"import sys; sys.path.insert(0, {str(Path(probe.__file__).parent)!r}); {statement}; print(*sys.modules)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return {name for name in done.stdout.split() if name.partition(".")[0] in sys.stdlib_module_names}

    runtime, taken = loaded("import awslambdaric.__main__"), loaded("import probe")
    assert taken - runtime == set()
    assert runtime - taken <= {"__future__"}
