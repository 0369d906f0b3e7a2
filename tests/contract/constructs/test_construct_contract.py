"""What holds for every construct, now and later: a new one joins by a line in `CONSTRUCTS`."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path

import pytest
from cfnlint.api import ManualArgs, lint
from sundog_runtime._resources import KINDS

import sundog
from sundog.constructs._binding import accesses_of

pytestmark = pytest.mark.xdist_group("cdk-contract")

CONSTRUCTS = {
    "Alarm": 'Alarm(stack, "subject", metric={"namespace": "Shop", "name": "Errors"}, threshold=1, on_alarm="functions/notes.get")',
    "Bucket": 'Bucket(stack, "subject", notifications={"resized": "functions/notes.create"})',
    "EventBus": (
        'EventBus(stack, "subject", rules={"orders": {"pattern": {"source": ["shop"]}, '
        '"targets": {"mail": "functions/reminders.send", "copies": Queue(stack, "copies")}}})'
    ),
    "KinesisStream": 'KinesisStream(stack, "subject", consumers={"count": "functions/notes.create"})',
    "Topic": (
        'Topic(stack, "subject", subscribers={"mail": {"function": "functions/reminders.send", "filter": {"kind": ["a"]}}, '
        '"copies": Queue(stack, "copies")})'
    ),
    "Api": 'Api(stack, "subject", routes={"GET /notes": "functions/notes.list_notes", "$default": "functions/notes.get"})',
    "Auth": 'Auth(stack, "subject", api=Api(stack, "api"), authenticator="functions/notes.get")',
    "AppSyncApi": 'AppSyncApi(stack, "subject", schema="schema.graphql", resolvers={"Query notes": "functions/notes.list_notes"})',
    "Cognito": 'Cognito(stack, "subject", login=["email"], triggers={"pre_sign_up": "functions/notes.get"})',
    "Cron": 'Cron(stack, "subject", schedule="rate(1 day)", job="functions/digest.run")',
    "Database": 'Database(stack, "subject")',
    "Function": 'Function(stack, "subject", handler="functions/notes.list_notes")',
    "Parameter": 'Parameter(stack, "subject", value={"notes": 100})',
    "Queue": 'Queue(stack, "subject", consumer="functions/reminders.send", dead_letter=True)',
    "RestApi": 'RestApi(stack, "subject", routes={"GET /notes/{id}": "functions/notes.get", "POST /notes": "functions/notes.create"})',
    "Job": 'Job(stack, "subject", handler="functions/digest.run")',
    "Script": 'Script(stack, "subject", on_create="functions/digest.run", params={"count": 3})',
    "Secret": 'Secret(stack, "subject")',
    "StaticSite": 'StaticSite(stack, "subject", path="web")',
    "Table": 'Table(stack, "subject", partition_key=("userId", "string"), sort_key=("noteId", "string"))',
    "WebSocketApi": 'WebSocketApi(stack, "subject", routes={"$connect": "functions/notes.get", "say": "functions/notes.create"})',
}
TOKENS = {
    "Alarm": 'Alarm(stack, "subject", metric={"namespace": "Shop", "name": "Errors"}, threshold=1, description=token)',
    "Bucket": 'Bucket(stack, "subject", cdk={"bucket": {"bucket_name": token}})',
    "EventBus": 'EventBus(stack, "subject", rules={"all": {"pattern": {"source": [token]}}})',
    "KinesisStream": 'KinesisStream(stack, "subject", cdk={"stream": {"stream_name": token}})',
    "Topic": 'Topic(stack, "subject", cdk={"topic": {"display_name": token}})',
    "Api": 'Api(stack, "subject", cors={"allow_origins": [token]})',
    "Auth": 'Auth(stack, "subject", api=Api(stack, "api"), authenticator="functions/notes.get", redirects=[token])',
    "AppSyncApi": 'AppSyncApi(stack, "subject", schema="schema.graphql", cdk={"graphql_api": {"owner_contact": token}})',
    "Cognito": 'Cognito(stack, "subject", federation={"google": {"client_id": token}})',
    "Cron": 'Cron(stack, "subject", schedule=token, job="functions/digest.run")',
    "Database": 'Database(stack, "subject", database_name=token)',
    "Function": 'Function(stack, "subject", handler="functions/notes.get", environment={"LEVEL": token}, description=token)',
    "Parameter": 'Function(stack, "f", handler="functions/notes.get", bind=[Parameter(stack, "subject", value=token)])',
    "Queue": 'Queue(stack, "subject", cdk={"queue": {"queue_name": token}})',
    "RestApi": 'RestApi(stack, "subject", routes={"GET /": "functions/notes.get"}, cors={"allow_origins": [token]})',
    "Job": 'Job(stack, "subject", handler="functions/digest.run", environment={"LEVEL": token})',
    "Script": 'Script(stack, "subject", on_create="functions/digest.run", params={"name": token}, version=token)',
    "StaticSite": 'StaticSite(stack, "subject", path="web", environment={"API": token})',
    "Table": 'Table(stack, "subject", partition_key=("id", "string"), cdk={"table": {"table_name": token}})',
    "WebSocketApi": 'WebSocketApi(stack, "subject", cdk={"web_socket_api": {"description": token}})',
}
OVERRIDES = {
    "Alarm": ("alarm", {"alarm_description": "laid over"}),
    "Bucket": ("bucket", {"bucket_name": "laid-over"}),
    "EventBus": ("event_bus", {"description": "laid over"}),
    "KinesisStream": ("stream", {"stream_name": "laid-over"}),
    "Topic": ("topic", {"display_name": "laid over"}),
    "Api": ("http_api", {"description": "laid over"}),
    "Auth": ("table", {"table_name": "laid-over"}),
    "AppSyncApi": ("graphql_api", {"owner_contact": "laid over"}),
    "Cognito": ("user_pool", {"user_pool_name": "laid-over"}),
    "Cron": ("schedule", {"description": "laid over"}),
    "Database": ("cluster", {"cluster_identifier": "laid-over"}),
    "Function": ("function", {"description": "laid over"}),
    "Queue": ("queue", {"queue_name": "laid-over"}),
    "RestApi": ("rest_api", {"description": "laid over"}),
    "Job": ("project", {"description": "laid over"}),
    "Script": ("resource", {"properties": {"params": "laid over"}}),
    "StaticSite": ("bucket", {"bucket_name": "laid-over"}),
    "Table": ("table", {"table_name": "laid-over"}),
    "WebSocketApi": ("web_socket_api", {"description": "laid over"}),
}
DOCS = Path(__file__).parents[3] / "docs/constructs"
WITHOUT_RESOURCE = {"Parameter", "Secret"}
"""Names and values: CloudFormation has nothing for them, and they have no CDK below."""
every_construct = pytest.mark.parametrize("name", sorted(CONSTRUCTS))
every_construct_with_resources = pytest.mark.parametrize("name", sorted({*CONSTRUCTS} - WITHOUT_RESOURCE))


def test_every_public_construct_is_under_contract():
    assert sorted({*CONSTRUCTS, "App", "Stack", "FunctionProps"}) == sorted(sundog.__all__)


@every_construct
def test_arguments_after_scope_and_id_are_by_keyword(name):
    parameters = list(inspect.signature(getattr(sundog, name).__init__).parameters.values())[1:]

    assert [parameter.name for parameter in parameters[:2]] == ["scope", "id"]
    assert {parameter.kind for parameter in parameters[2:]} <= {inspect.Parameter.KEYWORD_ONLY}
    assert ("cdk" in [parameter.name for parameter in parameters]) == (name not in WITHOUT_RESOURCE)


@every_construct
def test_the_docstring_explains_every_argument_with_an_example(name):
    construct = getattr(sundog, name)
    parameters = list(inspect.signature(construct.__init__).parameters)[1:]
    documented = [line.strip().partition(":")[0] for line in construct.__doc__.splitlines()]

    assert "Example:" in construct.__doc__
    assert [parameter for parameter in parameters if parameter not in documented] == []


@every_construct
def test_the_example_is_python(name):
    lines = getattr(sundog, name).__doc__.partition("Example:")[2].splitlines()
    code = "\n".join(line.strip()[4:] for line in lines if line.strip().startswith((">>> ", "... ")))

    ast.parse(code)


@every_construct
def test_there_is_a_page_about_it(name):
    page = (DOCS / f"{name.lower()}.md").read_text()

    assert page.startswith(f"# {name}\n")
    assert "```python" in page


@every_construct
def test_it_is_in_the_manifest_with_its_line(backend, name):
    manifest = backend(CONSTRUCTS[name]).manifest
    entries = [*manifest.resources, *manifest.functions]
    (subject,) = [entry for entry in entries if entry.id == "backend/subject"]

    assert subject.name == "subject"
    assert subject.place.file == "app.py"
    assert bool(subject.logical_id) == (name not in WITHOUT_RESOURCE)
    assert subject.stack == "local-notes-backend"


@pytest.mark.parametrize(
    "name", [name for name in sorted(CONSTRUCTS) if hasattr(getattr(sundog, name), "binding")]
)
def test_the_runtime_names_what_a_binding_hands_over(backend, name):
    manifest = backend(CONSTRUCTS[name]).manifest
    handed = {key for entry in manifest.resources if entry.id == "backend/subject" for key in entry.binding}
    names = {
        key for kind in KINDS[name].__mro__ for key in (*vars(kind), *vars(kind).get("__annotations__", {}))
    }

    assert handed <= names


@every_construct_with_resources
def test_the_escape_hatch_lays_properties_over_ours(backend, name):
    key, properties = OVERRIDES[name]
    assembly = backend(f"{CONSTRUCTS[name][:-1]}, cdk={{{key!r}: {properties!r}}})")

    assert "laid" in json.dumps(assembly.template("backend"))


@every_construct_with_resources
def test_its_cdk_constructs_can_be_reached(project, name):
    names = project.run(
        "from sundog import *\n\napp = App()\nstack = Stack(app, 'backend')\nsubject = "
        + CONSTRUCTS[name]
        + "\n"
    )
    subject = names["subject"]

    assert OVERRIDES[name][0] in subject.cdk_keys
    assert sorted(vars(subject.cdk)) == sorted(subject.cdk_keys)
    assert all(hasattr(value, "__jsii_type__") or value is None for value in vars(subject.cdk).values())


@pytest.mark.parametrize("name", sorted(TOKENS))
def test_tokens_are_tolerated(backend, name):
    assembly = backend(f'token = aws_cdk.CfnParameter(stack, "Token").value_as_string\n{TOKENS[name]}')

    assert '{"Ref": "Token"}' in json.dumps(assembly.template("backend"))


def statements_of(template):
    """Return what the identities of a template may do, wherever it is written."""
    documents = []
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
            documents.append(properties["PolicyDocument"])
        if resource["Type"] in {"AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"}:
            documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    return [statement for document in documents for statement in document["Statement"]]


def assert_least_privilege(statements):
    for statement in statements:
        actions, resources = (
            value if isinstance(value, list) else [value]
            for value in (statement["Action"], statement["Resource"])
        )
        assert [action for action in actions if action.endswith(":*") or action == "*"] == []
        assert [resource for resource in resources if resource == "*"] == []


@every_construct
def test_no_permission_is_for_everything(backend, name):
    is_bindable = hasattr(getattr(sundog, name), "binding")
    user = 'Function(stack, "user", handler="functions/notes.get", bind=[subject])' if is_bindable else ""
    template = backend(f"subject = {CONSTRUCTS[name]}\n{user}").template("backend")

    assert_least_privilege(statements_of(template))


def test_only_a_user_can_write_a_permission_for_everything(backend):
    template = backend('Function(stack, "f", handler="functions/notes.get", permissions="*")').template(
        "backend"
    )

    assert [statement["Action"] for statement in statements_of(template)] == ["*"]


@pytest.mark.parametrize(
    ("name", "access"),
    [(name, access) for name in sorted(CONSTRUCTS) for access in accesses_of(getattr(sundog, name))],
)
def test_a_narrowed_construct_permits_less_and_hands_over_the_same(backend, name, access):
    def bound(item):
        assembly = backend(
            f'subject = {CONSTRUCTS[name]}\nFunction(stack, "user", handler="functions/notes.get", {item})'
        )
        user = assembly.template("backend")["Resources"]
        variables = [
            resource["Properties"]["Environment"]
            for resource in user.values()
            if "SUNDOG_RESOURCE_SUBJECT" in json.dumps(resource)
        ]
        return statements_of(assembly.template("backend")), variables

    statements, variables = bound(f"bind=[subject.{access}]")
    own, _ = bound("timeout=3")

    assert len(statements) > len(own)
    assert_least_privilege(statements)
    assert variables == bound("bind=[subject]")[1]
    assert bound(f"permissions=[subject.{access}]")[0] == statements
    assert accesses_of(getattr(sundog, name))[access].__doc__.endswith(".")


@every_construct_with_resources
def test_everything_that_can_be_tagged_is(backend, name):
    untaggable = {
        "AWS::AppSync::ApiKey",
        "AWS::AppSync::DataSource",
        "AWS::AppSync::GraphQLSchema",
        "AWS::AppSync::Resolver",
        "AWS::ApiGateway::Deployment",
        "AWS::ApiGateway::GatewayResponse",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::Resource",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::Cognito::IdentityPoolRoleAttachment",
        "AWS::Cognito::UserPoolClient",
        "AWS::IAM::Policy",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::CloudFront::OriginAccessControl",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::Logs::ResourcePolicy",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::S3::BucketPolicy",
        "AWS::Scheduler::Schedule",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "Custom::SundogAuthKeys",
        "Custom::S3BucketNotifications",
        "Custom::SundogScript",
    }
    template = backend(CONSTRUCTS[name]).template("backend")

    for resource in template["Resources"].values():
        if resource["Type"] not in untaggable:
            # `UserPoolTags` of Cognito, `Tags` of all others.
            tags = [value for key, value in resource["Properties"].items() if key.endswith("Tags")]
            assert "sundog:app" in json.dumps(tags)


NOT_UNIQUE = {
    ("AWS::ApiGateway::RestApi", "Name"),
    ("AWS::ApiGateway::Stage", "StageName"),
    ("AWS::ApiGatewayV2::Api", "Name"),
    ("AWS::ApiGatewayV2::Stage", "StageName"),
    ("AWS::AppSync::DataSource", "Name"),
    ("AWS::AppSync::GraphQLApi", "Name"),
    ("AWS::AppSync::Resolver", "DataSourceName"),
    ("AWS::AppSync::Resolver", "FieldName"),
    ("AWS::AppSync::Resolver", "TypeName"),
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::IAM::Policy", "PolicyName"),
    ("AWS::RDS::DBCluster", "DBClusterParameterGroupName"),
    ("AWS::RDS::DBCluster", "DatabaseName"),
}
"""Names of AWS's, and those that are unique within what belongs to one stage: an API, a role, a cluster."""
WITHOUT_REGION = ("AWS::CloudFront::", "AWS::IAM::", "AWS::Route53::", "AWS::S3::Bucket")
"""What an account has once, however many regions it uses."""


def names_in(template):
    """Yield the types of a template's resources, each with a name that the template itself gives to one."""
    for resource in template.get("Resources", {}).values():
        properties = resource.get("Properties", {})
        names = {key: value for key, value in properties.items() if key.endswith(("Name", "Identifier"))}
        names |= {
            f"{key}.Name": value["Name"]
            for key, value in properties.items()
            if isinstance(value, dict) and "Name" in value
        }
        for key, value in names.items():
            text = json.dumps(value)
            # A name made of a resource of its own stack is as unique as that.
            is_made = re.search(r'"(Ref|Fn::GetAtt)": \[?"(?!AWS::)', text)
            if not is_made and (resource["Type"], key) not in NOT_UNIQUE:
                yield resource["Type"], text


def app_of_every_construct():
    stacks = [
        f"@app.stack\ndef stack{number}(stack):\n    "
        + re.sub(r'"(subject|copies|api)"', rf'"\g<1>-{number}"', CONSTRUCTS[name])
        for number, name in enumerate(sorted(CONSTRUCTS))
    ]
    return "from sundog import *\n\napp = App()\n\n" + "\n\n".join(stacks)


def test_no_name_is_in_the_way_of_another_stage_region_or_app(project, monkeypatch):
    def names(stage, region, app="notes"):
        project.write("pyproject.toml", f'[tool.sundog]\nname = "{app}"\n')
        monkeypatch.setenv("SUNDOG_STAGE", stage)
        monkeypatch.setenv("SUNDOG_REGION", region)
        folder = project.synth(app_of_every_construct()).folder
        files = folder.glob("*.template.json")
        return {found for file in files for found in names_in(json.loads(file.read_text()))}

    first = names("prod", "eu-west-1")

    assert {kind for kind, _ in first} >= {"AWS::CloudFront::Function", "AWS::Events::EventBus"}
    assert first & names("test", "eu-west-1") == set()
    assert first & names("prod", "eu-west-1", app="shop") == set()
    assert {
        (kind, name)
        for kind, name in first & names("prod", "us-west-2")
        if kind.startswith(WITHOUT_REGION) and '"Ref": "AWS::Region"' not in name
    } == set()


@every_construct_with_resources
def test_its_template_is_the_recorded_one(backend, snapshot, name):
    template = backend(CONSTRUCTS[name]).template("backend")
    for resource in template["Resources"].values():
        # The hash of the sources of this test's project, and of sundog_runtime: other tests watch it.
        resource.get("Properties", {}).get("Code", {}).pop("S3Key", None)
        resource.get("Metadata", {}).pop("aws:asset:path", None)
    # A job names its code in the middle of other text.
    template = json.loads(re.sub(r"/[0-9a-f]{64}\.zip", "/code.zip", json.dumps(template)))

    assert template == snapshot


@every_construct_with_resources
def test_cfn_lint_finds_nothing(backend, name):
    text = json.dumps(backend(CONSTRUCTS[name]).template("backend"))
    # W3005: the CDK states dependencies that CloudFormation would find by itself.
    matches = lint(text, config=ManualArgs(regions=["us-east-1"], ignore_checks=["W3005"]))

    assert [f"{match.rule.id} {match.message}" for match in matches] == []
