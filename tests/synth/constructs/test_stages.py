"""One app on several stages: names, tags, accounts, and what becomes of data."""

from __future__ import annotations

import json

import pytest

from sundog.constructs.stack import InvalidStackName

pytestmark = pytest.mark.xdist_group("cdk")


def only(items):
    (item,) = items
    return item


def test_the_stage_names_stacks_and_tags(project, monkeypatch, notes_app):
    monkeypatch.setenv("SUNDOG_STAGE", "alice")
    assembly = project.synth(notes_app)

    assert assembly.manifest.stage == "alice"
    assert [stack.name for stack in assembly.manifest.stacks] == [
        "alice-notes-storage",
        "alice-notes-backend",
    ]


def test_the_cdk_command_line_names_the_stage(project, monkeypatch, notes_app):
    monkeypatch.setenv("CDK_CONTEXT_JSON", json.dumps({"stage": "bob"}))

    assert project.synth(notes_app).manifest.stage == "bob"


def test_a_protected_stage_keeps_its_data(project, monkeypatch, notes_app):
    pyproject = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f"{pyproject}\n[tool.sundog.stages.prod]\nprotected = true\n")
    monkeypatch.setenv("SUNDOG_STAGE", "prod")
    resources = project.synth(notes_app).template("storage")["Resources"].values()
    (table,) = [resource for resource in resources if "notes" in str(resource["Metadata"])]

    assert table["DeletionPolicy"] == "Retain"
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_other_stages_delete_their_data(synth, notes_app):
    resources = synth(notes_app).template("storage")["Resources"].values()
    (table,) = [resource for resource in resources if "notes" in str(resource["Metadata"])]

    assert table["DeletionPolicy"] == "Delete"
    assert "PointInTimeRecoverySpecification" not in table["Properties"]


def test_a_stage_with_an_account_is_bound_to_it(project, monkeypatch, notes_app):
    pyproject = (project.root / "pyproject.toml").read_text()
    project.write("pyproject.toml", f'{pyproject}\n[tool.sundog.stages.prod]\naccount = "123456789012"\n')
    monkeypatch.setenv("SUNDOG_STAGE", "prod")
    assembly = project.synth(notes_app)
    artifacts = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"]

    assert artifacts["backend"]["environment"] == "aws://123456789012/us-east-1"


def test_a_name_of_a_stack_tells_the_stage_unless_the_app_says_otherwise(synth):
    app = """
from sundog import App, Stack
app = App({arguments})
Stack(app, "old", stack_name="{name}")
"""

    assert synth(app.format(arguments="", name="notes-local")).manifest.stacks[0].name == "notes-local"
    assert (
        synth(app.format(arguments="names_without_stage=True", name="legacy")).manifest.stacks[0].name
        == "legacy"
    )
    with pytest.raises(InvalidStackName, match="legacy"):
        synth(app.format(arguments="", name="legacy"))


def test_removal_policies_of_the_cdk_reach_what_is_the_cdks_own(synth):
    assembly = synth(
        """
import aws_cdk
from sundog import App, Stack
app = App()
stack = Stack(app, "backend")
aws_cdk.aws_sqs.Queue(stack, "kept", removal_policy=aws_cdk.RemovalPolicy.RETAIN)
aws_cdk.RemovalPolicies.of(app).destroy()
"""
    )

    assert only(assembly.template("backend")["Resources"].values())["DeletionPolicy"] == "Delete"


def test_tags_reach_all_resources_that_can_have_them(synth, notes_app):
    template = synth(notes_app).template("backend")
    untaggable = {
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::Schedule",
    }
    expected = {"sundog:app": "notes", "sundog:stage": "local"}

    for resource in template["Resources"].values():
        if resource["Type"] not in untaggable:
            tags = resource["Properties"]["Tags"]
            assert (
                tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            ) == expected
