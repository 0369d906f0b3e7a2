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


def arn_of(joined):
    """Return an ARN as text, with the names of AWS's own parameters in it."""
    return "".join(part if isinstance(part, str) else part["Ref"] for part in joined["Fn::Join"][1])


def test_a_bound_secret_is_a_name_and_the_permission_to_read_it(backend):
    assembly = backend('key = Secret(stack, "stripe_key")\n' + FUNCTION.format(arguments="bind=[key]"))
    (statement,) = statements(assembly)

    assert variables(assembly)["SUNDOG_RESOURCE_STRIPE_KEY"] == {
        "kind": "Secret",
        "name": "stripe_key",
        "parameter": "/sundog/notes/local/secrets/stripe_key",
        "fallback": "/sundog/notes/.fallback/secrets/stripe_key",
    }
    assert statement["Action"] == "ssm:GetParameters"
    assert [arn_of(resource) for resource in statement["Resource"]] == [
        "arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/sundog/notes/local/secrets/stripe_key",
        "arn:AWS::Partition:ssm:AWS::Region:AWS::AccountId:parameter/sundog/notes/.fallback/secrets/stripe_key",
    ]


def test_a_stage_reads_its_own_secrets_in_its_own_region_and_those_that_are_bound(
    backend, project, monkeypatch
):
    project.write(
        "pyproject.toml",
        '[tool.sundog]\nname = "notes"\n[tool.sundog.stages.prod]\naccount = "123456789012"\n'
        'regions = ["eu-west-1", "us-west-2"]\n',
    )
    monkeypatch.setenv("SUNDOG_STAGE", "prod")
    monkeypatch.setenv("SUNDOG_REGION", "us-west-2")
    secrets = 'key = Secret(stack, "stripe_key")\nSecret(stack, "other")\n'
    (statement,) = statements(backend(secrets + FUNCTION.format(arguments="bind=[key]")))
    place = "arn:AWS::Partition:ssm:us-west-2:123456789012:parameter/sundog/notes"

    assert statement == {
        "Action": "ssm:GetParameters",
        "Effect": "Allow",
        "Resource": statement["Resource"],
    }
    assert [arn_of(resource) for resource in statement["Resource"]] == [
        f"{place}/prod/secrets/stripe_key",
        f"{place}/.fallback/secrets/stripe_key",
    ]


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
