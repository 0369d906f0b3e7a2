"""Scripts: what CloudFormation is told, and in which order."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

SEED = 'Script(stack, "seed", on_create="functions/digest.run", on_update="functions/digest.run", params={"a": [1, True]})'


def custom_resources(assembly):
    return assembly.resources("backend", "Custom::SundogScript")


def test_parameters_keep_their_types_on_the_way(backend):
    (resource,) = custom_resources(backend(SEED))

    assert json.loads(resource["params"]) == {"a": [1, True]}


def test_one_handler_for_two_events_is_one_function(backend):
    assembly = backend(SEED)
    (resource,) = custom_resources(assembly)
    (function,) = assembly.manifest.functions

    assert resource["on_create"] == resource["on_update"]
    assert [trigger.detail["event"] for trigger in function.triggers] == ["create", "update"]
    assert function.timeout_seconds == 840


def test_the_scripts_of_a_stack_share_what_answers_cloudformation(backend):
    assembly = backend(f'{SEED}\nScript(stack, "other", on_delete="functions/notes.get")')
    tokens = {json.dumps(resource["ServiceToken"]) for resource in custom_resources(assembly)}

    assert len(tokens) == 1
    assert len(assembly.resources("backend", "AWS::Lambda::Function")) == 3


def test_it_waits_for_its_functions_with_their_permissions(backend):
    assembly = backend(
        'notes = Table(stack, "notes", partition_key=("id", "string"))\n'
        'Script(stack, "seed", on_create="functions/digest.run", bind=[notes])'
    )
    resources = assembly.template("backend")["Resources"]
    (script,) = [one for one in resources.values() if one["Type"] == "Custom::SundogScript"]
    awaited = {resources[name]["Type"] for name in script["DependsOn"]}

    assert {"AWS::Lambda::Function", "AWS::IAM::Policy", "AWS::IAM::Role"} <= awaited


def test_a_deploy_runs_it_again_when_the_code_has_changed_and_dev_does_not(project, backend, monkeypatch):
    live = custom_resources(backend(SEED))[0]["version"]
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    first = custom_resources(backend(SEED))[0]["version"]
    project.write("functions/digest.py", "def run(event, context): return 1\n")
    second = custom_resources(backend(SEED))[0]["version"]

    assert live == "live"
    assert first != second
