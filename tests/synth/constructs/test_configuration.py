"""Secrets and parameters: what a function is given, and what it may do."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

FUNCTION = 'Function(stack, "f", handler="functions/notes.get", {arguments})'


def variables(assembly):
    (function,) = assembly.resources("backend", "AWS::Lambda::Function")
    found = function["Environment"]["Variables"]
    return {name: json.loads(value) if isinstance(value, str) else value for name, value in found.items()}


def statements(assembly):
    policies = assembly.resources("backend", "AWS::IAM::Policy")
    return [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]


def test_a_bound_secret_is_a_name_and_the_permission_to_read_it(backend):
    assembly = backend('key = Secret(stack, "stripe_key")\n' + FUNCTION.format(arguments="bind=[key]"))
    prefix = "arn:aws:ssm:us-east-1:000000000000:parameter/sundog/notes/"
    (statement,) = statements(assembly)

    assert variables(assembly)["SUNDOG_RESOURCE_STRIPE_KEY"] == {
        "kind": "Secret",
        "name": "stripe_key",
        "parameter": "/sundog/notes/local/secrets/stripe_key",
        "fallback": "/sundog/notes/.fallback/secrets/stripe_key",
    }
    assert statement["Action"] == "ssm:GetParameters"
    assert [json.dumps(resource).count("parameter/sundog/notes/") for resource in statement["Resource"]] == [
        1,
        1,
    ]
    assert [json.dumps(resource).rpartition("/notes/")[2][:12] for resource in statement["Resource"]] == [
        "local/secret",
        ".fallback/se",
    ], prefix


def test_a_secret_can_be_a_permission(backend):
    secret = 'key = Secret(stack, "stripe_key")\n'
    by_itself = backend(secret + FUNCTION.format(arguments="permissions=[key]"))
    by_name = statements(backend(secret + FUNCTION.format(arguments='permissions=[(key, "grant_read")]')))

    assert statements(by_itself) == by_name
    assert "Environment" not in by_itself.resources("backend", "AWS::Lambda::Function")[0]


@pytest.mark.parametrize("value", ['"quoted \\"text\\""', "12", "1.5", "True", '["a"]', '{"a": {"b": 1}}'])
def test_a_parameter_carries_any_value_of_json(backend, value):
    assembly = backend(
        f'limit = Parameter(stack, "limit", value={value})\n' + FUNCTION.format(arguments="bind=[limit]")
    )

    assert variables(assembly)["SUNDOG_RESOURCE_LIMIT"]["value"] == eval(value)
    assert statements(assembly) == []


def test_a_parameter_takes_what_only_cloudformation_knows(backend):
    assembly = backend(
        'table = Table(stack, "notes", partition_key=("id", "string"))\n'
        'size = aws_cdk.CfnParameter(stack, "Size", type="Number").value_as_number\n'
        'arn, count = Parameter(stack, "arn", value=table.table_arn), Parameter(stack, "count", value=size)\n'
        + FUNCTION.format(arguments="bind=[arn, count]")
    )
    found = variables(assembly)

    assert "Fn::GetAtt" in json.dumps(found["SUNDOG_RESOURCE_ARN"])
    assert {"Ref": "Size"} in found["SUNDOG_RESOURCE_COUNT"]["Fn::Join"][1]


def test_both_are_in_the_manifest(backend):
    manifest = backend('Secret(stack, "key")\nParameter(stack, "limit", value=1.5)').manifest
    found = {entry.name: (entry.kind, entry.stack, entry.attributes) for entry in manifest.resources}

    assert found == {
        "key": (
            "Secret",
            "local-notes-backend",
            {
                "parameter": "/sundog/notes/local/secrets/key",
                "fallback": "/sundog/notes/.fallback/secrets/key",
            },
        ),
        "limit": ("Parameter", "local-notes-backend", {"type": "float"}),
    }
