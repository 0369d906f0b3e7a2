from __future__ import annotations

import json

import pytest

from sundog.bundle.options import UnknownBuildOption

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_a_python_function_runs_in_the_default_python(backend):
    assembly = backend('Function(stack, "list", handler="functions/notes.list_notes")')
    properties = only(assembly.resources("backend", "AWS::Lambda::Function"))

    assert properties["Runtime"] == "python3.12"
    assert properties["Handler"] == "functions/notes.list_notes"
    assert (properties["Timeout"], properties["MemorySize"]) == (10, 1024)


@pytest.mark.parametrize(
    ("requires", "runtime"),
    [(">=3.13", "python3.13"), ("<3.12", "python3.9"), (">=3.9", "python3.12"), ("==3.11.*", "python3.11"),
     (">=3.12.3", "python3.12")],
)  # fmt: skip
def test_python_follows_requires_python(project, requires, runtime):
    project.write(
        "pyproject.toml",
        f'[project]\nname="notes"\nrequires-python = "{requires}"\n[tool.sundog]\nname = "notes"\n',
    )
    manifest = project.synth(
        'from sundog import *\napp = App()\nstack = Stack(app, "x")\nFunction(stack, "f", handler="functions/notes.get")\n'
    ).manifest

    assert manifest.functions[0].runtime == runtime


def test_a_typescript_function_runs_in_node(backend):
    entry = only(backend('Function(stack, "badge", handler="functions/badge.handler")').manifest.functions)

    assert (entry.runtime, entry.language, entry.file) == ("nodejs24.x", "node", "functions/badge.ts")


def test_a_folder_with_dependencies_of_its_own_is_the_source(project):
    project.write("services/billing/pyproject.toml", '[project]\nname="billing"\nrequires-python=">=3.13"\n')
    project.write("services/billing/src/charge.py", "def run(event, context): ...\n")
    assembly = project.synth(
        'from sundog import *\napp = App()\nstack = Stack(app, "x")\n'
        'Function(stack, "f", handler="services/billing/src/charge.run")\n'
    )
    entry = only(assembly.manifest.functions)

    assert (entry.source, entry.runtime) == ("services/billing", "python3.13")
    assert only(assembly.resources("x", "AWS::Lambda::Function"))["Handler"] == "src/charge.run"


def test_settings_reach_the_template(backend):
    assembly = backend(
        """
Function(stack, "list", handler="functions/notes.list_notes", timeout="2 minutes", memory="2 GB",
    architecture="arm64", environment={"LEVEL": "DEBUG"}, description="Lists", log_retention_days=14)
"""
    )
    properties = only(assembly.resources("backend", "AWS::Lambda::Function"))

    assert (properties["Timeout"], properties["MemorySize"]) == (120, 2048)
    assert properties["Architectures"] == ["arm64"]
    assert properties["Environment"]["Variables"] == {"LEVEL": "DEBUG"}
    assert only(assembly.resources("backend", "AWS::Logs::LogGroup"))["RetentionInDays"] == 14


def test_a_binding_is_a_variable_and_a_grant(backend):
    assembly = backend(
        """
notes = Table(stack, "my-notes", partition_key=("id", "string"))
Function(stack, "list", handler="functions/notes.list_notes", bind=[notes])
"""
    )
    properties = only(assembly.resources("backend", "AWS::Lambda::Function"))
    text = "".join(
        part if isinstance(part, str) else "X"
        for part in properties["Environment"]["Variables"]["SUNDOG_RESOURCE_MY_NOTES"]["Fn::Join"][1]
    )

    assert json.loads(text) == {"kind": "Table", "name": "my-notes", "table_name": "X", "table_arn": "X"}
    assert "dynamodb:PutItem" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_binding_twice_grants_once(backend):
    assembly = backend(
        """
queue = Queue(stack, "jobs")
function = Function(stack, "list", handler="functions/notes.list_notes", bind=[queue])
function.bind([queue])
"""
    )
    policy = only(assembly.resources("backend", "AWS::IAM::Policy"))

    assert len(policy["PolicyDocument"]["Statement"]) == 1


def test_a_binding_can_be_narrowed_to_one_grant(backend):
    assembly = backend(
        """
notes = Table(stack, "notes", partition_key=("id", "string"))
Function(stack, "list", handler="functions/notes.list_notes", bind=[(notes, "grant_read_data")])
"""
    )

    assert "dynamodb:PutItem" not in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))
    assert "dynamodb:GetItem" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_permissions_take_actions_constructs_grants_and_statements(backend):
    assembly = backend(
        """
from aws_cdk import aws_iam as iam, aws_s3 as s3
bucket = s3.Bucket(stack, "bucket")
queue = Queue(stack, "jobs")
Function(stack, "list", handler="functions/notes.list_notes", permissions=[
    "ses:SendEmail",
    queue,
    (queue, "grant_purge"),
    (bucket, "grant_read"),
    iam.PolicyStatement(actions=["sns:Publish"], resources=["arn:aws:sns:us-east-1:1:topic"]),
])
"""
    )
    text = json.dumps(only(assembly.resources("backend", "AWS::IAM::Policy")))

    for action in ("ses:SendEmail", "sqs:SendMessage", "sqs:PurgeQueue", "s3:GetObject*", "sns:Publish"):
        assert f'"{action}"' in text
    assert "SUNDOG_RESOURCE" not in json.dumps(assembly.resources("backend", "AWS::Lambda::Function"))


def actions_of(assembly):
    policy = only(assembly.resources("backend", "AWS::IAM::Policy"))
    return [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]


def test_a_table_narrowed_to_reading_cannot_be_written(backend):
    assembly = backend(
        """
notes = Table(stack, "notes", partition_key=("id", "string"))
Function(stack, "list", handler="functions/notes.list_notes", bind=[notes.read_only])
"""
    )
    text = json.dumps(actions_of(assembly))

    assert "dynamodb:GetItem" in text
    assert "dynamodb:PutItem" not in text
    assert assembly.manifest.function("list").bindings == ["backend/notes"]


def test_narrowed_permissions_add_up(backend):
    assembly = backend(
        """
jobs = Queue(stack, "jobs")
function = Function(stack, "list", handler="functions/notes.list_notes", bind=[jobs.consume_only])
function.bind([jobs.send_and_consume])
"""
    )
    text = json.dumps(actions_of(assembly))

    assert text.count("sqs:SendMessage") == text.count("sqs:ReceiveMessage") == 1


def test_a_service_and_everything_are_permissions_that_a_user_can_write(backend):
    function = 'Function(stack, "f", handler="functions/notes.get", permissions={})'

    assert actions_of(backend(function.format('["s3", "sns:Publish"]'))) == ["s3:*", "sns:Publish"]
    assert actions_of(backend(function.format('"*"'))) == ["*"]


def test_constructs_of_the_cdk_permit_what_code_usually_does_with_them(backend):
    assembly = backend(
        """
from aws_cdk import aws_dynamodb as dynamodb, aws_events as events, aws_kinesis as kinesis, aws_kms as kms
from aws_cdk import aws_s3 as s3, aws_secretsmanager as sm, aws_sns as sns, aws_sqs as sqs, aws_ssm as ssm
key = dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING)
Function(stack, "f", handler="functions/notes.get", permissions=[
    dynamodb.Table(stack, "t", partition_key=key), s3.Bucket(stack, "b"), sqs.Queue(stack, "q"), sns.Topic(stack, "to"),
    events.EventBus(stack, "e"), kinesis.Stream(stack, "k"), sm.Secret(stack, "s"), kms.Key(stack, "key"),
    ssm.StringParameter(stack, "p", string_value="x"),
])
"""
    )
    text = json.dumps(actions_of(assembly))

    for action in (
        "dynamodb:PutItem",
        "s3:PutObject",
        "sqs:SendMessage",
        "sns:Publish",
        "events:PutEvents",
        "kinesis:PutRecord",
        "secretsmanager:GetSecretValue",
        "kms:Decrypt",
        "ssm:GetParameter",
    ):
        assert f'"{action}"' in text
    assert ":*" not in text


def test_a_function_is_a_grantee_of_any_cdk_construct(backend):
    assembly = backend(
        """
from aws_cdk import aws_s3 as s3
function = Function(stack, "list", handler="functions/notes.list_notes")
s3.Bucket(stack, "bucket").grant_read(function)
"""
    )

    assert "s3:GetObject*" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_defaults_merge_from_app_to_stack_to_construct_to_function(synth):
    assembly = synth(
        """
from sundog import Api, App
app = App()
app.set_function_defaults(timeout=20, memory=512, environment={"OF_A": "app", "OF_B": "app", "OF_C": "app", "OF_D": "app"})

@app.stack
def backend(stack):
    stack.set_function_defaults(timeout=30, environment={"OF_B": "stack", "OF_C": "stack", "OF_D": "stack"})
    Api(stack, "api", function_defaults={"timeout": 40, "environment": {"OF_C": "api", "OF_D": "api"}}, routes={
        "GET /": {"handler": "functions/notes.get", "timeout": 50, "environment": {"OF_D": "own"}},
    })
"""
    )
    properties = only(assembly.resources("backend", "AWS::Lambda::Function"))

    assert (properties["Timeout"], properties["MemorySize"]) == (50, 512)
    assert properties["Environment"]["Variables"] == {
        "OF_A": "app",
        "OF_B": "stack",
        "OF_C": "api",
        "OF_D": "own",
    }


def test_cdk_properties_are_laid_over_ours(backend):
    assembly = backend(
        'Function(stack, "list", handler="functions/notes.get", cdk={"function": {"reserved_concurrent_executions": 5}})'
    )

    assert only(assembly.resources("backend", "AWS::Lambda::Function"))["ReservedConcurrentExecutions"] == 5


def test_an_existing_cdk_function_is_used_as_it_is(backend):
    assembly = backend(
        """
from aws_cdk import aws_lambda as lambda_
code = lambda_.Code.from_inline("def handler(event, context): pass")
raw = lambda_.Function(stack, "raw", code=code, handler="index.handler", runtime=lambda_.Runtime.PYTHON_3_12)
queue = Queue(stack, "jobs", consumer=Function(stack, "list", cdk={"function": raw}))
"""
    )

    assert assembly.manifest.functions == []
    assert len(assembly.resources("backend", "AWS::Lambda::Function")) == 1
    assert len(assembly.resources("backend", "AWS::Lambda::EventSourceMapping")) == 1


def test_tokens_are_tolerated_where_values_are_checked(backend):
    assembly = backend(
        """
size = aws_cdk.CfnParameter(stack, "Size", type="Number", default=256)
Function(stack, "list", handler="functions/notes.get", memory=size.value_as_number)
"""
    )

    assert only(assembly.resources("backend", "AWS::Lambda::Function"))["MemorySize"] == {"Ref": "Size"}


def test_functions_with_the_same_code_share_one_asset(backend):
    assembly = backend(
        """
Function(stack, "a", handler="functions/notes.get")
Function(stack, "b", handler="functions/digest.run")
"""
    )

    assert len({entry.asset_hash for entry in assembly.manifest.functions}) == 1
    assert len(list(assembly.folder.glob("asset.*"))) == 1


def test_an_edit_of_a_source_changes_the_asset(project):
    app = 'from sundog import *\napp = App()\nstack = Stack(app, "x")\nFunction(stack, "f", handler="functions/notes.get")\n'
    hashes = [project.synth(app).manifest.functions[0].asset_hash]
    for name in ("functions/other.py", "functions/data.json", "requirements.txt"):
        project.write(name, "# edited\n")
        hashes.append(project.synth(app).manifest.functions[0].asset_hash)

    assert len(set(hashes)) == 4


def test_what_is_not_packaged_does_not_change_the_asset(project):
    app = 'from sundog import *\napp = App()\nstack = Stack(app, "x")\nFunction(stack, "f", handler="functions/notes.get")\n'
    before = project.synth(app).manifest.functions[0].asset_hash
    for name in (
        "tests/test_notes.py",
        ".venv/lib/boto3.py",
        "env/pyvenv.cfg",
        "env/lib/site.py",
        "node_modules/left-pad/index.js",
        "functions/__pycache__/notes.pyc",
        "cdk.out/tree.json",
        ".git/HEAD",
        "functions/page.tsx",
        "README.md",
    ):
        project.write(name, "edited\n")
    project.write("cdk.json", '{"app": "python app.py", "context": {"colour": "green"}}')
    after = project.synth(f"{app}# edited\n").manifest.functions[0].asset_hash

    assert after == before


def test_what_is_copied_into_the_package_is_part_of_its_hash(project):
    (project.root / "data").mkdir()
    words = project.root / "data/words.txt"
    app = (
        "from sundog import *\napp = App()\nstack = Stack(app, 'x')\n"
        "Function(stack, 'p', handler='functions/notes.get', build={'copy_files': [{'from': 'data'}]})\n"
    )
    words.write_text("one")
    (first,) = project.synth(app).manifest.functions
    words.write_text("two")
    (second,) = project.synth(app).manifest.functions

    assert first.asset_hash != second.asset_hash


def test_an_option_of_build_that_does_not_exist_is_refused_at_its_line(project):
    app = (
        "from sundog import *\napp = App()\nstack = Stack(app, 'x')\n"
        "Function(stack, 'p', handler='functions/notes.get', build={'copy_file': []})\n"
    )
    with pytest.raises(UnknownBuildOption, match="`copy_file` is not an option of `build`") as wrong:
        project.synth(app)

    assert str(wrong.value.where).startswith("app.py:4")
    assert wrong.value.fixes == ("write `copy_files`",)
