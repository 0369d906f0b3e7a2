"""Sign-in: who may read and make keys, which functions are bound, and what the API asks of its routes."""

from __future__ import annotations

import json

import pytest

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
    assert "parameter/sundog/notes/local/auth/auth" in resource
    assert "*" not in resource
    assert [role.startswith("SundogAuthKeys") for role in roles] == [True]


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
    readers = [roles for roles, actions, _ in statements(template) if actions == ["ssm:GetParameter"]]

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
