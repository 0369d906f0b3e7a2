"""The types that `sundog types` writes, judged by the type checker."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from sundog.bundle.node import node_binary
from sundog.model.manifest import FunctionEntry, Manifest, ResourceEntry, SourcePlace, UploadEntry
from sundog.model.project import find_project
from sundog.session.types import write_types

SETTINGS = """
[tool.sundog]
name = "shop"

[tool.mypy]
strict = true
mypy_path = ".sundog/types"

[tool.pyright]
stubPath = ".sundog/types"
"""
HANDLER = """
from sundog_runtime import ResourceNotBound, resources

reveal_type(resources.notes.table_name)
reveal_type(resources.my_jobs)
reveal_type(resources["my-jobs"].queue_url)
reveal_type(resources.limit.value)
reveal_type(resources.key.value)
reveal_type(resources.future.new_name)
reveal_type(resources.send.function_arn)
resources.nots
resources["nots"]
resources.notes.table_nam
resources.digest
try:
    print(list(resources), "notes" in resources)
except ResourceNotBound:
    pass
"""

TYPESCRIPT = """
import { resources, type Queue } from "sundog-runtime";

const table: string = resources.notes.tableName;
const jobs: Queue = resources["my-jobs"];
const limit: Record<string, unknown> = resources.limit.value;
const key: Promise<string> = resources.key.value();
const future: string = resources.future.newName + resources.send.functionArn;
resources.nots;
resources.notes.tableNam;
const wrong: number = resources.notes.tableName;
const started: Promise<string> = resources.encode.run({ video: 1 });
resources.encode.cancel(1);
export { table, jobs, limit, key, future, wrong, started };
"""
TSCONFIG = """
{
  "compilerOptions": {
    "target": "es2023", "module": "esnext", "moduleResolution": "bundler", "strict": true, "noEmit": true, "types": []
  },
  "include": ["*.ts", ".sundog/types"]
}
"""


def resource(name, kind, binding, **attributes):
    return ResourceEntry(
        id=f"backend/{name}",
        name=name,
        kind=kind,
        stack="local-shop-backend",
        logical_id=name.title(),
        cloudformation_type="AWS::X::Y",
        binding=binding,
        attributes=attributes,
        place=SourcePlace(file="app.py", line=7),
    )


def function(identity):
    return FunctionEntry(
        id=identity,
        name=identity.rpartition("/")[2],
        stack="local-shop-backend",
        logical_id="F",
        handler="functions/f.run",
        runtime="python3.12",
        language="python",
        source=".",
        file="functions/f.py",
        function="run",
        timeout_seconds=10,
        memory_mb=128,
    )


MANIFEST = Manifest(
    app="shop",
    stage="local",
    resources=[
        resource("notes", "Table", ["table_arn", "table_name"]),
        resource("my-jobs", "Queue", ["queue_arn", "queue_name", "queue_url"]),
        resource("limit", "Parameter", ["value"], type="dict"),
        resource("key", "Secret", ["fallback", "parameter"]),
        resource("future", "KindOfTomorrow", ["new_name"]),
        resource("digest", "Cron", []),
        resource("encode", "Job", ["manager_name"]),
    ],
    functions=[function("backend/send"), function("backend/my-jobs/consumer")],
)


SITE = UploadEntry(
    id="backend/web",
    name="web",
    kind="StaticSite",
    stack="local-shop-backend",
    output="SundogUpload",
    source="web",
    folder="web/dist",
    variables=["VITE_API", "VITE_TITLE"],
    place=SourcePlace(file="app.py", line=9),
)
SITE_CODE = """
export const api: string = import.meta.env.VITE_API;
export const none: string = import.meta.env.VITE_NONE;
"""
SITE_TSCONFIG = TSCONFIG.replace(".sundog/types", "../.sundog/site-types/web")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "handler.py").write_text(HANDLER)
    return find_project(tmp_path)


def test_the_type_checker_knows_every_resource_and_refuses_others(project):
    write_types(project, MANIFEST)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-incremental", "--no-error-summary", "handler.py"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line.partition(": ") for line in done.stdout.splitlines()]
    revealed = [text.partition('"')[2].rstrip('"') for _, _, text in said if "Revealed" in text]
    errors = {int(place.split(":")[1]): text for place, _, text in said if text.startswith("error")}

    assert revealed == ["str", "sundog_runtime.Queue", "str", "dict[str, Any]", "str", "str", "str"]
    assert sorted(errors) == [11, 12, 13, 14], done.stdout
    assert errors[11] == 'error: "Resources" has no attribute "nots"; maybe "notes"?  [attr-defined]'


@pytest.mark.xdist_group("npm")
def test_pyright_knows_them_too(project, npm_packages):
    write_types(project, MANIFEST)
    pyright = [node_binary(), npm_packages / "pyright/index.js", "--pythonpath", sys.executable]
    done = subprocess.run(
        [*pyright, "--outputjson", "handler.py"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    revealed = [one["message"].split('"')[-2] for one in found if one["severity"] == "information"]
    errors = {
        one["range"]["start"]["line"] + 1: one["message"] for one in found if one["severity"] == "error"
    }

    assert revealed == ["str", "Queue", "str", "dict[str, Any]", "str", "str", "str"]
    assert sorted(errors) == [11, 12, 13, 14], done.stdout
    assert errors[11].startswith('Cannot access attribute "nots" for class "Resources"')
    assert errors[13].startswith('Cannot access attribute "table_nam" for class "Table"')


@pytest.mark.xdist_group("npm")
def test_an_editor_completes_the_names_of_resources_and_what_they_have(
    project, npm_packages, language_client
):
    write_types(project, MANIFEST)
    server = [node_binary(), npm_packages / "pyright/langserver.index.js", "--stdio"]
    settings = {"python": {"pythonPath": sys.executable}}

    async def offered(*ends):
        async with language_client(server, project.root, settings) as editor:
            texts = [f"from sundog_runtime import resources\n\nresources{end}" for end in ends]
            found = [
                await editor.completions(project.root / f"new{number}.py", text)
                for number, text in enumerate(texts)
            ]
        return [[name for name in names if not name.startswith("_")] for names in found]

    names, of_a_table, keys = asyncio.run(offered(".", ".notes.", '["'))

    assert names == ["encode", "future", "key", "limit", "my_jobs", "notes", "send"]
    assert {"table_name", "table_arn", "table"} <= set(of_a_table)
    assert keys == [
        '"encode"',
        '"future"',
        '"key"',
        '"limit"',
        '"my-jobs"',
        '"my_jobs"',
        '"notes"',
        '"send"',
    ]


@pytest.mark.xdist_group("npm")
def test_the_typescript_compiler_knows_them_too(project, npm_packages):
    (project.root / "handler.ts").write_text(TYPESCRIPT)
    (project.root / "tsconfig.json").write_text(TSCONFIG)
    write_types(project, MANIFEST)
    done = subprocess.run(
        [node_binary(), npm_packages / "typescript/bin/tsc", "-p", ".", "--pretty", "false"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [
        "handler.ts(9,11)",
        "handler.ts(10,17)",
        "handler.ts(11,7)",
        "handler.ts(13,25)",
    ], done.stdout
    assert "Property 'nots' does not exist on type 'Resources'" in done.stdout


@pytest.mark.xdist_group("npm")
def test_the_code_of_a_site_is_held_to_its_environment(project, npm_packages):
    (project.root / "web").mkdir()
    (project.root / "web/main.ts").write_text(SITE_CODE)
    (project.root / "web/tsconfig.json").write_text(SITE_TSCONFIG)
    write_types(project, Manifest(app="shop", stage="local", uploads=[SITE]))
    done = subprocess.run(
        [node_binary(), npm_packages / "typescript/bin/tsc", "-p", "web", "--pretty", "false"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )

    (error,) = done.stdout.splitlines()
    assert error.startswith("web/main.ts(3,45)")
    assert "Property 'VITE_NONE' does not exist on type 'ImportMetaEnv'" in error


def test_what_has_not_changed_is_not_written_again(project):
    (stub, *_) = write_types(project, MANIFEST)
    before = stub.stat().st_ino
    write_types(project, MANIFEST)

    assert stub.stat().st_ino == before
    write_types(project, Manifest(app="shop", stage="local"))
    assert "notes" not in stub.read_text().partition("class Resources")[2]
