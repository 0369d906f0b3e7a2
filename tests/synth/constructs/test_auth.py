"""Sign-in: who may read and make keys, which functions are bound, and what the API asks of its routes."""

from __future__ import annotations

import json
import re

import pytest

from sundog.constructs.auth import InvalidAuth

pytestmark = pytest.mark.xdist_group("cdk")

APP = """
api = Api(stack, "api", authorizer="iam", routes={"GET /notes": "functions/notes.get"})
Auth(stack, "auth", api=api, authenticator="functions/notes.create", prefix="/sign-in", session="2 hours",
    redirects=["https://app.example.com/"])
api.add_routes({"GET /later": "functions/notes.list_notes"})
"""


@pytest.fixture
def template(project):
    return project.synth(
        "from sundog import *\n\napp = App()\n\n@app.stack\ndef backend(stack):\n"
        + "".join(f"    {line}\n" for line in APP.strip().splitlines())
    ).template("backend")["Resources"]


def of_type(template, kind):
    return {name: resource["Properties"] for name, resource in template.items() if resource["Type"] == kind}


def statements(template):
    for policy in of_type(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            roles = [role["Ref"] for role in policy["Roles"]]
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            yield roles, actions, json.dumps(statement["Resource"])


def test_only_its_own_function_can_change_the_keys_and_only_these(template):
    ((roles, actions, resource),) = [one for one in statements(template) if "ssm:PutParameter" in one[1]]

    assert actions == ["ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"]
    assert re.findall(r"parameter/[\w/]+", resource) == [
        "parameter/sundog/notes/local/auth/auth/private",
        "parameter/sundog/notes/local/auth/auth/public",
    ]
    assert "*" not in resource
    assert [role.startswith("SundogAuthKeys") for role in roles] == [True]


def test_only_the_authenticator_and_who_was_let_can_read_the_private_keys(project):
    template = project.synth(
        "from sundog import *\n\napp = App()\n\n@app.stack\ndef backend(stack):\n"
        '    api = Api(stack, "api", routes={"GET /notes": "functions/notes.get"})\n'
        '    auth = Auth(stack, "auth", api=api, authenticator="functions/notes.create")\n'
        '    let = {"bind": [auth], "permissions": [(auth, "grant_signing")]}\n'
        '    Function(stack, "kiosk", handler="functions/notes.get", **let)\n'
        '    Function(stack, "other", handler="functions/notes.get", bind=[auth])\n'
    ).template("backend")["Resources"]
    signers = [
        role
        for roles, actions, resource in statements(template)
        if actions == ["ssm:GetParameter"] and "auth/auth/private" in resource
        for role in roles
    ]
    told = [
        name
        for name, function in of_type(template, "AWS::Lambda::Function").items()
        if "SUNDOG_AUTH_SIGNER_AUTH" in function.get("Environment", {}).get("Variables", {})
    ]

    assert sorted(role[:5] for role in signers) == ["autha", "kiosk"]
    assert sorted(name[:5] for name in told) == ["autha", "kiosk"]


@pytest.mark.parametrize(
    ("versions", "said"),
    [
        ("key_version=0", "`key_version` is `0`"),
        ("oldest_key_version='1'", "`oldest_key_version` is `1`"),
        ("key_version=2, oldest_key_version=3", "`oldest_key_version` is `3`, and `key_version` is `2`"),
    ],
)
def test_versions_of_keys_count(project, versions, said):
    with pytest.raises(InvalidAuth) as refused:
        project.run(
            "from sundog import *\n\napp = App()\nstack = Stack(app, 'backend')\n"
            f"Auth(stack, 'auth', api=Api(stack, 'api'), authenticator='functions/notes.get', {versions})\n"
        )

    assert refused.value.what == f"Auth `auth`: {said}"


def test_only_the_authenticator_notes_what_was_used(template):
    ((roles, actions, _),) = [one for one in statements(template) if "dynamodb" in str(one[1])]

    assert actions == ["dynamodb:PutItem"]
    assert [role.startswith("authauthenticator") for role in roles] == [True]


def test_every_function_of_the_api_can_check_sessions_also_those_added_later(template):
    bound = [
        json.dumps(function["Environment"]["Variables"]["SUNDOG_RESOURCE_AUTH"]).replace("\\", "")
        for function in of_type(template, "AWS::Lambda::Function").values()
        if "SUNDOG_RESOURCE_AUTH" in function.get("Environment", {}).get("Variables", {})
    ]
    readers = [
        roles
        for roles, actions, resource in statements(template)
        if actions == ["ssm:GetParameter"] and "auth/auth/public" in resource
    ]

    assert len(bound) == len(readers) == 3
    assert '"session_seconds":7200' in bound[0]
    assert '"redirects":["https://app.example.com"]' in bound[0]


def test_its_route_is_open_whatever_the_others_ask(template):
    routes = {
        route["RouteKey"]: route["AuthorizationType"]
        for route in of_type(template, "AWS::ApiGatewayV2::Route").values()
    }

    assert routes == {"GET /notes": "AWS_IAM", "ANY /sign-in/{proxy+}": "NONE", "GET /later": "AWS_IAM"}


def test_used_links_are_forgotten_when_they_have_expired(template):
    (table,) = of_type(template, "AWS::DynamoDB::Table").values()

    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
