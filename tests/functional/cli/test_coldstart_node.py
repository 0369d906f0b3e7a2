"""`sundog coldstart` on TypeScript functions: bundled as they are deployed, imported by a real Node."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from sundog.model.manifest import FunctionEntry, Manifest, SourcePlace, write_manifest
from sundog.model.project import find_project

SPIN = "let total = 0; for (let number = 0; number < 1_000_000; number++) total += number;\n"
FILLER = "\n".join(f"exports.unused{number} = () => {number};" for number in range(1500))
HANDLER = """\
import { createHash } from "node:crypto";
import { total } from "slow";
import { S3Client } from "@aws-sdk/client-s3";
import { small } from "./lib/small";
import { resources } from "sundog-runtime";

export const handler = async () => {
  const { late } = await import("never");
  return [total, small, late, new S3Client(), createHash, resources];
};
"""


def package(project, name, files, **described):
    """Put a package where npm would."""
    folder = project / "node_modules" / name
    manifest = {"name": name, "version": "1.0.0", **described}
    for file, text in {"package.json": json.dumps(manifest), **files}.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)


def entry(name, **fields):
    file = f"functions/{name}.ts"
    known = {
        "id": f"backend/{name}",
        "name": name,
        "stack": "local-notes-backend",
        "logical_id": name.title(),
        "handler": f"functions/{name}.handler",
        "runtime": "nodejs24.x",
        "language": "node",
        "source": ".",
        "file": file,
        "function": "handler",
        "timeout_seconds": 3,
        "memory_mb": 1024,
        "place": SourcePlace(file="app.py", line=7),
    }
    return FunctionEntry(**(known | fields))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Packages of which one is slow, one is outside of the bundle, and one is there for later."""
    project = tmp_path_factory.mktemp("coldstart") / "notes"
    files = {
        "pyproject.toml": '[tool.sundog]\nname = "notes"\n',
        "app.py": "",
        "functions/report.ts": HANDLER,
        "functions/lib/small.ts": "export interface Unused { a: string }\nexport const small: number = 1;\n",
        "functions/old.ts": 'import AWS from "aws-sdk";\nimport { total } from "large";\n'
        "export const handler = async () => [AWS, total];\n",
        "functions/broken.ts": "export const handler = 1;\nthrow new TypeError('no table');\n",
        "functions/missing.ts": 'import { SQSClient } from "@aws-sdk/client-sqs";\nexport const handler = SQSClient;\n',
        "texts/words.txt": "hello",
        "functions/words.ts": 'import { readFileSync } from "node:fs";\nconst words = readFileSync("data/words.txt");\n'
        "export const handler = async () => words;\n",
        "functions/typo.ts": "export const handler = (;\n",
        "parts/node_modules/near/index.js": f"{SPIN}module.exports = total;\n",
        "parts/near.ts": 'import near from "near";\nexport const handler = async () => near;\n',
    }
    for file, text in files.items():
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).write_text(text)
    package(
        project,
        "slow",
        {"index.js": 'export { total } from "./inner.js";\n', "inner.js": f"{SPIN}export {{ total }};\n"},
        type="module",
    )
    package(
        project,
        "@aws-sdk/client-s3",
        {
            "index.js": f'{SPIN}require("./models.js"); exports.S3Client = class S3Client {{}};\n',
            "models.js": f"{SPIN}exports.total = total;\n",
        },
    )
    package(project, "never", {"index.js": f"{FILLER}\nmodule.exports.late = 1;\n"})
    package(project, "aws-sdk", {"index.js": f"{SPIN}module.exports = {{ total }};\n"})
    package(project, "large", {"index.js": f"{SPIN}{FILLER}\nexports.total = total;\n"})
    functions = [
        *map(entry, ("report", "old", "broken", "missing", "typo")),
        entry("words", build={"copy_files": [{"from": "texts/words.txt", "to": "data/words.txt"}]}),
        entry("near", file="parts/near.ts", handler="parts/near.handler", build={"external": ["near"]}),
    ]
    assembly = find_project(project).assembly_dir("local")
    assembly.mkdir(parents=True)
    write_manifest(assembly, Manifest(app="notes", stage="local", functions=functions))
    return project


@pytest.fixture(scope="module")
def coldstart(project):
    """Runs the command, with the esbuild of the user's own cache."""

    def run(*arguments):
        command = [sys.executable, "-m", "sundog", "coldstart", *arguments]
        return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)

    return run


@pytest.fixture(scope="module")
def measure(coldstart):
    """Runs the command and returns what it says as JSON."""

    def run(function):
        finished = coldstart(function, "--json")
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return json.loads(finished.stdout.splitlines()[0])

    return run


@pytest.fixture(scope="module")
def found(measure):
    return measure("report")


@pytest.fixture(scope="module")
def over_budget(coldstart):
    """What the command says to a person when the budget is spent."""
    return coldstart("report", "--budget", "0.5")


def below(modules, name):
    return next(module for module in modules if module["module"] == name)["imports"]


def test_each_package_has_its_share_of_time_and_of_the_bundle(found):
    shares = {one["name"]: one for one in found["dependencies"]}

    assert {"slow", "@aws-sdk/client-s3", "never", "your code", "Node.js", "source map"} <= shares.keys()
    slowest = [one["name"] for one in found["dependencies"] if one["name"] != "Node.js"]
    assert set(slowest[:2]) == {"slow", "@aws-sdk/client-s3"}
    assert shares["slow"]["modules"] == 2
    assert shares["sundog-runtime"]["size_bytes"] > 0
    assert sum(one["time_share"] for one in found["dependencies"]) == pytest.approx(1)
    assert sum(one["size_share"] for one in found["dependencies"]) == pytest.approx(1)


def test_what_lambda_has_takes_time_and_no_room(found):
    (client,) = [one for one in found["dependencies"] if one["name"] == "@aws-sdk/client-s3"]

    assert client["size_bytes"] == 0
    assert client["time_share"] > 0.1
    assert any("`@aws-sdk/client-s3`" in note for note in found["notes"])


def test_what_is_bundled_for_later_takes_room_and_no_time(found):
    (never,) = [one for one in found["dependencies"] if one["name"] == "never"]

    assert (never["modules"], never["time_ms"]) == (0, 0)
    assert never["size_bytes"] > 50_000


def test_the_tree_says_who_imported_whom_in_the_bundle_and_outside(found):
    report = below(found["tree"], "functions/report.ts")
    client = below(report, "node_modules/@aws-sdk/client-s3")

    assert [one["module"] for one in report][:3] == [
        "node:crypto",
        "node_modules/slow/index.js",
        "node_modules/@aws-sdk/client-s3",
    ]
    assert [one["module"] for one in below(report, "node_modules/slow/index.js")] == [
        "node_modules/slow/inner.js"
    ]
    (index,) = client
    assert index["module"].endswith("node_modules/@aws-sdk/client-s3/index.js")
    assert [one["module"].rpartition("/")[2] for one in index["imports"]] == ["models.js"]
    assert index["total_ms"] > index["imports"][0]["total_ms"] > 0


def test_the_first_things_to_change_are_imports_with_their_lines(found, over_budget):
    changes = {change["package"]: change for change in found["changes"]}
    finished = over_budget

    assert (changes["slow"]["file"], changes["slow"]["line"]) == ("functions/report.ts", 2)
    assert changes["@aws-sdk/client-s3"]["line"] == 3
    assert "take the client from `resources` of `sundog-runtime`" in changes["@aws-sdk/client-s3"]["advice"]
    assert 'write `await import("slow")` in the function that needs it' in finished.stdout
    assert "functions/report.ts:2" in finished.stdout
    assert "slow/inner.js" in finished.stdout
    assert "node_modules/slow" not in finished.stdout
    assert "read for stack traces only" in finished.stdout


def test_the_advice_is_about_the_package(measure):
    changes = {change["package"]: change for change in measure("old")["changes"]}

    assert (changes["aws-sdk"]["line"], changes["large"]["line"]) == (1, 2)
    assert "Lambda has version 3 only" in changes["aws-sdk"]["advice"]
    assert "`large` is CommonJS, of which esbuild can leave nothing out" in changes["large"]["advice"]


def test_packages_beside_the_handler_are_found(measure):
    dependencies = {one["name"]: one for one in measure("near")["dependencies"]}

    assert dependencies["near"]["modules"] == 2
    assert dependencies["near"]["size_bytes"] == 0


def test_a_budget_fails_the_command_when_it_is_spent(over_budget):
    assert over_budget.returncode == 1
    assert "SD-COLDSTART-002" in over_budget.stderr
    assert "functions/report.ts:" in over_budget.stderr
    assert "slow/inner.js" in over_budget.stdout


def test_a_module_finds_what_is_copied_into_its_package(measure):
    assert measure("words")["import_ms"] > 0


def test_a_module_that_throws_is_shown_with_its_trace(coldstart):
    finished = coldstart("broken")

    assert finished.returncode == 1
    assert "SD-COLDSTART-001" in finished.stderr
    assert "TypeError: no table" in finished.stderr


def test_a_client_of_the_sdk_that_is_not_installed_is_to_be_installed(coldstart):
    finished = coldstart("missing")

    assert finished.returncode == 1
    assert "run `npm install @aws-sdk/client-sqs`" in finished.stderr


def test_code_that_does_not_build_is_shown_with_its_line(coldstart):
    finished = coldstart("typo")

    assert finished.returncode == 1
    assert "SD-BUNDLE-020" in finished.stderr
    assert "functions/typo.ts:1" in finished.stderr


def test_nothing_is_left_in_the_project(project, found):
    assert found["rounds_ms"]
    assert not list((project / ".sundog").rglob("coldstart-*"))
