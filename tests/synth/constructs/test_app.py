from __future__ import annotations

import json

import pytest

from sundog.deploy.assembly import ContextMissing, Place, read_stacks

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_stacks_are_named_for_stage_app_and_id(synth, notes_app):
    manifest = synth(notes_app).manifest

    assert [(stack.id, stack.name) for stack in manifest.stacks] == [
        ("storage", "local-notes-storage"),
        ("backend", "local-notes-backend"),
    ]


def test_a_stack_depends_on_the_one_that_it_uses(synth, notes_app):
    manifest = synth(notes_app).manifest

    assert {stack.id: stack.depends_on for stack in manifest.stacks} == {
        "storage": [],
        "backend": ["local-notes-storage"],
    }


def test_the_manifest_names_functions_shortly_and_once(synth, notes_app):
    manifest = synth(notes_app).manifest

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


def test_every_resource_is_traced_to_the_users_line(synth, notes_app):
    manifest = synth(notes_app).manifest
    lines = notes_app.splitlines()
    places = {entry.path: entry.place for entry in manifest.constructs}

    assert places["storage/archive/Resource"].file == "app.py"
    assert '"archive"' in lines[places["storage/archive/Resource"].line - 1]
    assert '"notes"' in lines[places["storage/notes/Table/Resource"].line - 1]
    assert '"reminders"' in lines[places["backend/reminders/Queue/Resource"].line - 1]
    assert "digest.run" in lines[places["backend/digest/job/Function/ServiceRole/Resource"].line - 1]
    assert all(place is not None for place in places.values())


def test_a_routes_function_is_traced_to_the_line_of_the_route(synth, notes_app):
    manifest = synth(notes_app).manifest
    create = manifest.function("create")

    assert notes_app.splitlines()[create.place.line - 1].strip() == '"POST /notes": "functions/notes.create",'


def test_the_manifest_says_what_invokes_each_function(synth, notes_app):
    manifest = synth(notes_app).manifest

    assert {
        function.name: [trigger.label for trigger in function.triggers] for function in manifest.functions
    } == {
        "send": ["queue reminders"],
        "list_notes": ["GET /notes"],
        "create": ["POST /notes"],
        "badge": ["GET /badge"],
        "digest": ["cron digest"],
    }


def test_the_asset_in_the_template_is_the_one_in_the_manifest(synth, notes_app):
    assembly = synth(notes_app)
    functions = assembly.template("backend")["Resources"]

    for entry in assembly.manifest.functions:
        assert functions[entry.logical_id]["Properties"]["Code"]["S3Key"] == f"{entry.asset_hash}.zip"


def test_the_template_does_not_depend_on_whether_code_is_built(project, monkeypatch, tmp_path, notes_app):
    before = project.synth(notes_app.replace('"GET /badge": "functions/badge.handler",', "")).template(
        "backend"
    )
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "built"))
    after = project.synth(notes_app.replace('"GET /badge": "functions/badge.handler",', "")).template(
        "backend"
    )

    assert after == before


def test_context_of_cdk_json_is_read_without_the_cdk_command_line(project):
    project.write("cdk.json", json.dumps({"app": "python app.py", "context": {"colour": "green"}}))
    names = project.run("from sundog import App\napp = App()\n")

    assert names["app"].node.try_get_context("colour") == "green"


def test_placeholders_of_lookups_are_not_deployed(project):
    project.write(
        "pyproject.toml",
        '[project]\nname = "notes"\nversion = "1"\n[tool.sundog]\nname = "notes"\n'
        '[tool.sundog.stages.local]\naccount = "123456789012"\n',
    )
    app = """
from aws_cdk import aws_route53 as route53
from sundog import App, Stack
app = App()
stack = Stack(app, "backend")
zone = route53.HostedZone.from_lookup(stack, "zone", domain_name="example.com")
route53.TxtRecord(stack, "record", zone=zone, values=["hello"])
"""
    place = Place(account="123456789012", region="us-east-1", partition="aws")
    assembly = project.synth(app)
    with pytest.raises(ContextMissing, match="hosted-zone:account=123456789012") as refused:
        read_stacks(assembly.folder, assembly.manifest, place)
    (key,) = [name.strip("`") for name in refused.value.what.split() if "hosted-zone" in name]
    answer = {"Id": "/hostedzone/Z0123456789ABC", "Name": "example.com."}
    project.write("cdk.context.json", json.dumps({key.rstrip(",").strip("`"): answer}))
    again = project.synth(app)

    (stack,) = read_stacks(again.folder, again.manifest, place)
    assert "Z0123456789ABC" in json.dumps(stack.content)


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


def test_defaults_can_be_added_below_functions_for_those_to_come(synth):
    assembly = synth(
        """
from sundog import App, Function, Table
app = App()
app.set_function_defaults(timeout=20, environment={"LEVEL": "INFO"})

@app.stack
def storage(stack):
    Function(stack, "first", handler="functions/notes.get")
    return Table(stack, "notes", partition_key=("id", "string"))

app.add_function_defaults(bind=[app.use(storage)], environment={"STORE": "yes"})

@app.stack
def backend(stack):
    stack.add_function_defaults(permissions="ses:SendEmail")
    Function(stack, "second", handler="functions/notes.create")
"""
    )
    first = only(assembly.resources("storage", "AWS::Lambda::Function"))["Environment"]["Variables"]
    second = only(assembly.resources("backend", "AWS::Lambda::Function"))["Environment"]["Variables"]
    policy = only(assembly.resources("backend", "AWS::IAM::Policy"))["PolicyDocument"]["Statement"]

    assert first == {"LEVEL": "INFO"}
    assert sorted(second) == ["LEVEL", "STORE", "SUNDOG_RESOURCE_NOTES"]
    assert "ses:SendEmail" in [statement["Action"] for statement in policy]


def test_a_stack_knows_its_functions_and_waits_for_others(project):
    names = project.run(
        """
from sundog import Api, App, Function
app = App()

@app.stack
def network(stack):
    return "nothing of the stack"

@app.stack
def backend(stack):
    Api(stack, "api", routes={"GET /a": "functions/notes.get"})
    Function(stack, "run", handler="functions/digest.run")
    stack.depends_on(network)

app.synth()
"""
    )
    backend, network = names["app"].stack_of(names["backend"]), names["app"].stack_of(names["network"])

    assert [function.id for function in backend.functions] == ["functions_notes.get", "run"]
    assert network.functions == []
    assert [stack.node.id for stack in backend.dependencies] == ["network"]


def test_outputs_take_the_properties_of_the_cdk(backend):
    template = backend(
        'stack.outputs(Url={"value": "https://a.example", "description": "where it is", "export_name": "url"})'
    ).template("backend")

    assert template["Outputs"]["Url"] == {
        "Value": "https://a.example",
        "Description": "where it is",
        "Export": {"Name": "url"},
    }


def test_a_construct_that_is_renamed_keeps_its_resources(backend, monkeypatch, tmp_path):
    def made(body):
        monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / str(len(body))))
        assembly = backend(body)
        return sorted(assembly.template("backend")["Resources"]), assembly.manifest

    before, _ = made(
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Api(stack, "api", routes={"GET /a": "functions/notes.get"})'
    )
    after, manifest = made(
        'notes = Table(stack, "entries", partition_key=("id", "string"), cdk={"id": "notes"})\n'
        'Api(stack, "api", routes={"GET /a": {"handler": "functions/notes.create", "cdk": {"id": "functions_notes.get"}}})'
    )

    assert before == after
    assert [(one.name, one.id) for one in manifest.resources] == [
        ("entries", "backend/notes"),
        ("api", "backend/api"),
    ]


def test_outputs_that_are_none_are_left_out(backend):
    assembly = backend('stack.outputs(Name="notes", Missing=None)')

    assert assembly.template("backend")["Outputs"] == {"Name": {"Value": "notes"}}


def test_two_synths_of_one_app_are_the_same(project, monkeypatch, tmp_path, notes_app):
    first = project.synth(notes_app)
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "again"))
    second = project.synth(notes_app)

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
