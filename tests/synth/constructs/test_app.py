from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

NOTES_APP = """
from aws_cdk import aws_dynamodb as dynamodb
from sundog import Api, App, Cron, Queue, Table

app = App()

@app.stack
def storage(stack):
    dynamodb.Table(stack, "archive", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING))
    return Table(stack, "notes", partition_key=("userId", "string"), sort_key=("noteId", "string"))

@app.stack
def backend(stack):
    notes = app.use(storage)
    queue = Queue(stack, "reminders", consumer="functions/reminders.send")
    api = Api(stack, "api", bind=[notes, queue], routes={
        "GET /notes": "functions/notes.list_notes",
        "POST /notes": "functions/notes.create",
        "GET /badge": "functions/badge.handler",
    })
    Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", bind=[notes])
    stack.outputs(ApiUrl=api.url)
"""


def test_stacks_are_named_for_stage_app_and_id(synth):
    manifest = synth(NOTES_APP).manifest

    assert [(stack.id, stack.name) for stack in manifest.stacks] == [
        ("storage", "local-notes-storage"),
        ("backend", "local-notes-backend"),
    ]


def test_a_stack_depends_on_the_one_that_it_uses(synth):
    manifest = synth(NOTES_APP).manifest

    assert {stack.id: stack.depends_on for stack in manifest.stacks} == {
        "storage": [],
        "backend": ["local-notes-storage"],
    }


def test_the_manifest_names_functions_shortly_and_once(synth):
    manifest = synth(NOTES_APP).manifest

    assert [(function.name, function.id) for function in manifest.functions] == [
        ("send", "backend/reminders/consumer"),
        ("list_notes", "backend/api/functions_notes.list_notes"),
        ("create", "backend/api/functions_notes.create"),
        ("badge", "backend/api/functions_badge.handler"),
        ("digest", "backend/digest/job"),
    ]


def test_functions_of_the_same_name_are_told_apart_by_their_files(project):
    project.write("functions/tags.py", "def create(event, context): ...\n")
    manifest = project.synth(
        """
from sundog import Api, App
app = App()
@app.stack
def backend(stack):
    Api(stack, "api", routes={"POST /notes": "functions/notes.create", "POST /tags": "functions/tags.create"})
"""
    ).manifest

    assert [function.name for function in manifest.functions] == ["notes.create", "tags.create"]


def test_every_resource_is_traced_to_the_users_line(synth):
    manifest = synth(NOTES_APP).manifest
    lines = NOTES_APP.splitlines()
    places = {entry.path: entry.place for entry in manifest.constructs}

    assert places["storage/archive/Resource"].file == "app.py"
    assert '"archive"' in lines[places["storage/archive/Resource"].line - 1]
    assert '"notes"' in lines[places["storage/notes/Table/Resource"].line - 1]
    assert '"reminders"' in lines[places["backend/reminders/Queue/Resource"].line - 1]
    assert "digest.run" in lines[places["backend/digest/job/Function/ServiceRole/Resource"].line - 1]
    assert all(place is not None for place in places.values())


def test_a_routes_function_is_traced_to_the_line_of_the_route(synth):
    manifest = synth(NOTES_APP).manifest
    create = manifest.function("create")

    assert NOTES_APP.splitlines()[create.place.line - 1].strip() == '"POST /notes": "functions/notes.create",'


def test_the_manifest_says_what_invokes_each_function(synth):
    manifest = synth(NOTES_APP).manifest

    assert {
        function.name: [trigger.label for trigger in function.triggers] for function in manifest.functions
    } == {
        "send": ["queue reminders"],
        "list_notes": ["GET /notes"],
        "create": ["POST /notes"],
        "badge": ["GET /badge"],
        "digest": ["cron digest"],
    }


def test_the_asset_in_the_template_is_the_one_in_the_manifest(synth):
    assembly = synth(NOTES_APP)
    functions = assembly.template("backend")["Resources"]

    for entry in assembly.manifest.functions:
        assert functions[entry.logical_id]["Properties"]["Code"]["S3Key"] == f"{entry.asset_hash}.zip"


def test_the_template_does_not_depend_on_whether_code_is_built(project, monkeypatch, tmp_path):
    before = project.synth(NOTES_APP.replace('"GET /badge": "functions/badge.handler",', "")).template(
        "backend"
    )
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "built"))
    after = project.synth(NOTES_APP.replace('"GET /badge": "functions/badge.handler",', "")).template(
        "backend"
    )

    assert after == before


def test_the_stage_names_stacks_and_tags(project, monkeypatch):
    monkeypatch.setenv("SUNDOG_STAGE", "alice")
    assembly = project.synth(NOTES_APP)

    assert assembly.manifest.stage == "alice"
    assert [stack.name for stack in assembly.manifest.stacks] == [
        "alice-notes-storage",
        "alice-notes-backend",
    ]


def test_the_cdk_command_line_names_the_stage(project, monkeypatch):
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"stage": "bob"}))

    assert project.synth(NOTES_APP).manifest.stage == "bob"


def test_context_of_cdk_json_is_read_without_the_cdk_command_line(project):
    project.write("cdk.json", json.dumps({"app": "python app.py", "context": {"colour": "green"}}))
    names = project.run("from sundog import App\napp = App()\n")

    assert names["app"].node.try_get_context("colour") == "green"


def test_a_protected_stage_keeps_its_data(project, monkeypatch):
    pyproject = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f"{pyproject}\n[tool.sundog.stages.prod]\nprotected = true\n")
    monkeypatch.setenv("SUNDOG_STAGE", "prod")
    resources = project.synth(NOTES_APP).template("storage")["Resources"].values()
    (table,) = [resource for resource in resources if "notes" in str(resource["Metadata"])]

    assert table["DeletionPolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_other_stages_delete_their_data(synth):
    resources = synth(NOTES_APP).template("storage")["Resources"].values()
    (table,) = [resource for resource in resources if "notes" in str(resource["Metadata"])]

    assert table["DeletionPolicy"] == "Delete"
    assert "PointInTimeRecoverySpecification" not in table["Properties"]


def test_a_stage_with_an_account_is_bound_to_it(project, monkeypatch):
    pyproject = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f'{pyproject}\n[tool.sundog.stages.prod]\naccount = "123456789012"\n')
    monkeypatch.setenv("SUNDOG_STAGE", "prod")
    assembly = project.synth(NOTES_APP)
    artifacts = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"]

    assert artifacts["backend"]["environment"] == "aws://123456789012/us-east-1"


def test_class_stacks_and_functional_stacks_mix(synth):
    manifest = synth(
        """
from sundog import App, Function, Stack, Table

class Storage(Stack):
    def __init__(self, app, id):
        super().__init__(app, id)
        self.notes = Table(self, "notes", partition_key=("id", "string"))

app = App()
app.stack(Storage)

@app.stack(id="web", description="The web")
def backend(stack):
    Function(stack, "list", handler="functions/notes.list_notes", bind=[stack.use(Storage).notes])
"""
    ).manifest

    assert [stack.id for stack in manifest.stacks] == ["storage", "web"]
    assert manifest.functions[0].bindings == ["storage/notes"]


def test_outputs_that_are_none_are_left_out(backend):
    assembly = backend('stack.outputs(Name="notes", Missing=None)')

    assert assembly.template("backend")["Outputs"] == {"Name": {"Value": "notes"}}


def test_tags_reach_all_resources_that_can_have_them(synth):
    template = synth(NOTES_APP).template("backend")
    untaggable = {
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::Scheduler::Schedule",
    }
    expected = {"sundog:app": "notes", "sundog:stage": "local"}

    for resource in template["Resources"].values():
        if resource["Type"] not in untaggable:
            tags = resource["Properties"]["Tags"]
            assert (
                tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            ) == expected


def test_two_synths_of_one_app_are_the_same(project, monkeypatch, tmp_path):
    first = project.synth(NOTES_APP)
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "again"))
    second = project.synth(NOTES_APP)

    assert second.manifest == first.manifest
    for stack in ("storage", "backend"):
        assert second.template(stack) == first.template(stack)


def test_a_plain_cdk_stack_is_in_the_manifest(synth):
    manifest = synth(
        """
import aws_cdk
from aws_cdk import aws_sqs as sqs
from sundog import App
app = App()
stack = aws_cdk.Stack(app, "plain")
sqs.Queue(stack, "raw")
"""
    ).manifest

    assert [(entry.path, entry.place.line) for entry in manifest.constructs] == [("plain/raw/Resource", 7)]
