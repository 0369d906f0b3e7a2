"""`sundog coldstart` on a real function, in an interpreter of its own with packages whose cost is known."""

from __future__ import annotations

import json
import subprocess
import sys

import anyio
import pytest

from sundog.model.events import InvocationFinished, InvocationStarted
from sundog.model.manifest import FunctionEntry, Manifest, SourcePlace, write_manifest
from sundog.model.project import find_project
from sundog.session.recording import recorded

SLOW = "import slowlib.inner\n"
INNER = "total = 0\nfor number in range(400_000):\n    total += number\n"


def install(site, name, modules, requires=()):
    """Put a package where pip would."""
    files = {f"{name}/{file}": text for file, text in modules.items()}
    needed = "".join(f"Requires-Dist: {one}\n" for one in requires)
    files[f"{name}-1.0.dist-info/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{needed}"
    files[f"{name}-1.0.dist-info/RECORD"] = "".join(f"{file},,\n" for file in files)
    for file, text in files.items():
        path = site / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def function(name, file="functions/report.py", **fields):
    known = {
        "id": f"backend/{name}",
        "name": name,
        "stack": "local-notes-backend",
        "logical_id": name.title(),
        "handler": f"{file.rpartition('.')[0]}.handler",
        "runtime": "python3.12",
        "runtime_is_default": True,
        "language": "python",
        "source": ".",
        "file": file,
        "function": "handler",
        "timeout_seconds": 3,
        "memory_mb": 1024,
        "place": SourcePlace(file="app.py", line=1),
    }
    return FunctionEntry(**(known | fields))


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A project with an environment of its own: one slow package, one that is never imported."""
    project = tmp_path_factory.mktemp("coldstart") / "notes"
    project.mkdir()
    (project / "pyproject.toml").write_text('[tool.sundog]\nname = "notes"\n')
    (project / "app.py").write_text("")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", project / ".venv"], check=True)
    (site,) = (project / ".venv/lib").glob("python3.*/site-packages")
    install(site, "slowlib", {"__init__.py": SLOW, "inner.py": INNER}, requires=["helper>=1"])
    install(site, "helper", {"__init__.py": "#" * 50_000})
    install(site, "above", {"__init__.py": f"import slowlib\n{INNER}"})
    install(site, "unused", {"__init__.py": "#" * 200_000})
    install(site, "boto3", {"__init__.py": "", "data.py": "#" * 500_000})
    (project / "requirements.txt").write_text("slowlib\nunused\nboto3\n")
    (project / "functions").mkdir()
    (project / "functions/report.py").write_text(
        "import json\n\nimport boto3\n\nfrom slowlib import inner\n\n\ndef handler(event, context):\n    return inner.total\n"
    )
    (project / "functions/both.py").write_text(
        "import decimal, json, logging, traceback\n\nfrom slowlib import inner\nimport above\n\nfrom functions import more\n"
    )
    (project / "functions/more.py").write_text("from . import report\nimport above\n")
    (project / "functions/broken.py").write_text("import json\n\nraise RuntimeError('no table')\n")
    assembly = find_project(project).assembly_dir("local")
    assembly.mkdir(parents=True)
    functions = [
        function("report"),
        function("broken", "functions/broken.py"),
        function("both", "functions/both.py"),
        function("badge", "functions/badge.go", language="go", runtime="provided.al2023"),
    ]
    write_manifest(assembly, Manifest(app="notes", stage="local", functions=functions))
    return project


def data(finished):
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return json.loads(finished.stdout.splitlines()[0])


@pytest.fixture(scope="module")
def found(measured):
    """What the command says as JSON."""
    command = [sys.executable, "-m", "sundog", "coldstart", "report", "--json"]
    return data(subprocess.run(command, cwd=measured, capture_output=True, text=True, check=False))


def test_each_dependency_has_its_share_of_time_and_of_the_package(found):
    shares = {one["name"]: one for one in found["dependencies"]}

    assert found["dependencies"][0]["name"] == "slowlib"
    assert shares["slowlib"]["time_share"] > 0.5
    assert shares["slowlib"]["modules"] == 2
    assert sum(one["time_share"] for one in found["dependencies"]) == pytest.approx(1)
    assert sum(one["size_share"] for one in found["dependencies"]) == pytest.approx(1)
    assert {"json", "boto3"} & shares.keys() == {"boto3"}
    assert "standard library" in shares


def test_what_is_packaged_counts_whether_it_is_imported_or_not(found):
    sizes = {one["name"]: one["size_bytes"] for one in found["dependencies"]}
    modules = {one["name"]: one["modules"] for one in found["dependencies"]}

    assert sizes["unused"] > 200_000
    assert modules["unused"] == 0
    # What a dependency needs is packaged with it; what Lambda has is not.
    assert sizes["helper"] > 50_000
    assert (sizes["boto3"], modules["boto3"]) == (0, 1)


def test_the_tree_says_who_imported_whom(found):
    def below(modules, name):
        return next(module for module in modules if module["module"] == name)["imports"]

    report = below(found["tree"], "functions.report")
    assert [module["module"] for module in below(report, "slowlib")] == ["slowlib.inner"]


def test_the_first_thing_to_change_is_an_import_with_its_line(sundog, measured, found):
    finished = sundog("coldstart", "report", cwd=measured)
    (change, *_) = found["changes"]

    assert (change["package"], change["file"], change["line"]) == ("slowlib", "functions/report.py", 5)
    assert "1. slowlib" in finished.stdout
    assert "functions/report.py:5" in finished.stdout
    assert change["advice"] == "import `slowlib` in the function that needs it, unless every request does"
    assert change["advice"] in finished.stdout
    assert "unused" in finished.stdout
    assert "never imported" in finished.stdout


def test_only_what_nothing_else_needs_is_to_be_changed(sundog, measured):
    both = data(sundog("coldstart", "both", "--json", cwd=measured))
    (change,) = both["changes"]

    # `slowlib` would be loaded all the same, because `above` needs it; both of the project's files import `above`.
    assert (change["package"], change["file"], change["line"]) == ("above", "functions/both.py", 4)
    shares = {one["name"]: one["time_ms"] for one in both["dependencies"]}
    assert change["time_ms"] == pytest.approx(shares["above"])


def test_what_lambda_has_imported_before_the_handler_costs_it_nothing(sundog, measured):
    both = data(sundog("coldstart", "both", "--json", cwd=measured))

    def names(modules):
        return {one["module"] for one in modules} | {
            name for one in modules for name in names(one["imports"])
        }

    assert {"slowlib.inner", "functions.more"} <= names(both["tree"])
    assert names(both["tree"]) & {"json", "json.decoder", "decimal", "logging", "traceback", "re"} == set()


def test_a_budget_fails_the_command_when_it_is_spent(sundog, measured):
    over = sundog("coldstart", "report", "--budget", "0.5", cwd=measured)
    within = sundog("coldstart", "report", "--budget", "600000", cwd=measured)

    assert (over.returncode, within.returncode) == (1, 0)
    assert "SD-COLDSTART-002" in over.stderr
    assert "functions/report.py:5" in over.stderr
    assert "slowlib" in over.stdout


def test_a_handler_that_cannot_be_imported_is_shown_with_its_traceback(sundog, measured):
    finished = sundog("coldstart", "broken", cwd=measured)

    assert finished.returncode == 1
    assert "SD-COLDSTART-001" in finished.stderr
    assert "RuntimeError: no table" in finished.stderr
    assert 'functions/broken.py", line 3' in finished.stderr


def test_other_languages_are_refused(sundog, measured):
    finished = sundog("coldstart", "badge", cwd=measured)

    assert finished.returncode == 1
    assert "SD-UNSUPPORTED-030" in finished.stderr
    assert "`badge` is written in go" in finished.stderr


async def record_a_cold_start(project):
    common = {"request_id": "1", "function": "backend/report", "environment": "e"}
    with recorded(project, project.stage(None), lambda _: None) as told:
        told(
            InvocationStarted(
                at=1.0, cold=True, trigger=None, payload=b"{}", trace_id="t", deadline=2.0, **common
            )
        )
        told(
            InvocationFinished(
                at=1.5,
                outcome="ok",
                duration_ms=1.0,
                init_ms=123.0,
                max_memory_mb=1,
                response=b"1",
                error=None,
                **common,
            )
        )


def test_inits_of_local_sessions_are_reported(sundog, measured):
    anyio.run(record_a_cold_start, find_project(measured))

    assert data(sundog("coldstart", "report", "--json", cwd=measured))["reported_init_ms"] == [123.0]
