"""What keeps requests from waiting for a cold start, as CloudFormation is told."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")


def functions(assembly):
    return {found["Handler"]: found for found in assembly.resources("backend", "AWS::Lambda::Function")}


def only(items):
    (item,) = items
    return item


def test_a_schedule_keeps_environments_warm_through_one_warmer_for_the_stack(backend):
    assembly = backend(
        """
Function(stack, "a", handler="functions/notes.get", warm=2)
Function(stack, "b", handler="functions/badge.handler", warm=1)
Function(stack, "cold", handler="functions/digest.run")
"""
    )
    made = functions(assembly)
    rules = assembly.resources("backend", "AWS::Events::Rule")
    inputs = [json.dumps(rule["Targets"][0]["Input"]) for rule in rules]

    assert sorted(made) == [
        "functions/badge.handler",
        "functions/digest.run",
        "index.handler",
        "sundog_runtime.warm.handler",
    ]
    assert made["sundog_runtime.warm.handler"]["Environment"]["Variables"] == {
        "SUNDOG_HANDLER": "functions/notes.get"
    }
    assert {rule["ScheduleExpression"] for rule in rules} == {"rate(5 minutes)"}
    # A session's own environments are warm: no deploy of it need be heard of.
    assert all("EventPattern" not in rule for rule in rules)
    assert ['\\"count\\":2' in text for text in inputs] == [True, False]
    assert [entry.warm for entry in assembly.manifest.functions] == [2, 1, 0]


def test_the_same_rule_hears_of_every_deploy_of_the_stack(backend, monkeypatch):
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    (rule,) = backend('Function(stack, "a", handler="functions/notes.get", warm=2)\n').resources(
        "backend", "AWS::Events::Rule"
    )

    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert rule["EventPattern"] == {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        "detail": {
            "stack-id": [{"Ref": "AWS::StackId"}],
            "status-details": {"status": ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]},
        },
    }


def test_what_is_kept_warm_is_another_package_for_node_and_the_same_for_python(project):
    app = "from sundog import *\napp = App()\nstack = Stack(app, 'x')\n"

    def hashes(warm):
        return [
            entry.asset_hash
            for entry in project.synth(
                f"{app}Function(stack, 'p', handler='functions/notes.get', warm={warm})\n"
                f"Function(stack, 'n', handler='functions/badge.handler', warm={warm})\n"
            ).manifest.functions
        ]

    (python, node), (warm_python, warm_node) = hashes(0), hashes(1)

    assert python == warm_python
    assert node != warm_node


def test_provisioned_concurrency_is_reached_through_an_alias_by_everything(backend):
    assembly = backend(
        """
f = Function(stack, "f", handler="functions/notes.get", provisioned_concurrency=3, url=True, warm=1, retries=1)
Api(stack, "api", routes={"GET /": f})
Queue(stack, "jobs", consumer=f)
Function(stack, "caller", handler="functions/digest.run", bind=[f])
f.bind([Queue(stack, "later")])
"""
    )
    template = assembly.template("backend")["Resources"]
    (alias_id,) = [name for name, found in template.items() if found["Type"] == "AWS::Lambda::Alias"]
    alias = template[alias_id]["Properties"]

    def one(kind):
        return json.dumps(only(assembly.resources("backend", kind)))

    assert (alias["Name"], alias["ProvisionedConcurrencyConfig"]) == (
        "live",
        {"ProvisionedConcurrentExecutions": 3},
    )
    assert alias_id in one("AWS::ApiGatewayV2::Integration")
    assert alias_id in one("AWS::Lambda::EventSourceMapping")
    assert alias_id in one("AWS::Events::Rule")
    assert '"Qualifier": "live"' in one("AWS::Lambda::Url")
    assert alias_id in one("AWS::Lambda::EventInvokeConfig")
    caller = functions(assembly)["functions/digest.run"]
    assert alias_id in json.dumps(caller["Environment"])
    assert "SUNDOG_RESOURCE_LATER" in json.dumps(functions(assembly)["sundog_runtime.warm.handler"])


def test_the_alias_is_scaled_with_the_cdk(backend):
    assembly = backend(
        'f = Function(stack, "f", handler="functions/notes.get", provisioned_concurrency=1)\n'
        "f.cdk.alias.add_auto_scaling(max_capacity=10).scale_on_utilization(utilization_target=0.7)"
    )

    assert len(assembly.resources("backend", "AWS::ApplicationAutoScaling::ScalingPolicy")) == 1


def test_snapshots_are_taken_of_published_versions(backend):
    assembly = backend(
        'Function(stack, "f", handler="functions/notes.get", runtime="python3.13", snap_start=True)'
    )

    assert functions(assembly)["functions/notes.get"]["SnapStart"] == {"ApplyOn": "PublishedVersions"}
    assert len(assembly.resources("backend", "AWS::Lambda::Version")) == 1
    assert only(assembly.resources("backend", "AWS::Lambda::Alias"))["Name"] == "live"


def test_a_function_without_any_has_neither_version_nor_alias(backend):
    assembly = backend(
        'Function(stack, "f", handler="functions/notes.get", warm=0, provisioned_concurrency=0)'
    )

    assert assembly.resources("backend", "AWS::Lambda::Version") == []
    assert assembly.resources("backend", "AWS::Events::Rule") == []
