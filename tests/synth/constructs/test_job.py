"""A job as CloudFormation is told of it."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.xdist_group("cdk")

JOB = """
videos = Table(stack, "videos", partition_key=("id", "string"))
encode = Job(stack, "encode", handler="functions/digest.run", timeout="2 hours", bind=[videos], environment={"LEVEL": "1"}, %s)
Function(stack, "start", handler="functions/notes.get", bind=[encode])
"""


def only(items):
    (item,) = items
    return item


def project_of(assembly):
    return only(assembly.resources("backend", "AWS::CodeBuild::Project"))


def manager_of(assembly):
    return only(
        found
        for found in assembly.resources("backend", "AWS::Lambda::Function")
        if found["Handler"] == "index.handler"
    )


def test_codebuild_runs_the_functions_code_with_its_role_and_variables(backend):
    assembly = backend(JOB % "")
    project = project_of(assembly)
    function = only(
        found
        for found in assembly.resources("backend", "AWS::Lambda::Function")
        if found["Handler"] == "functions/digest.run"
    )
    variables = {one["Name"]: one["Value"] for one in project["Environment"]["EnvironmentVariables"]}

    assert project["ServiceRole"] == function["Role"]
    assert function["Code"]["S3Key"] in json.dumps(project["Source"]["Location"])
    assert variables["SUNDOG_HANDLER"] == "functions/digest.run"
    assert variables["LEVEL"] == "1"
    assert (
        variables["SUNDOG_RESOURCE_VIDEOS"] == function["Environment"]["Variables"]["SUNDOG_RESOURCE_VIDEOS"]
    )
    assert project["TimeoutInMinutes"] == 120
    assert "python3 -m sundog_runtime.job" in project["Source"]["BuildSpec"]
    assert "dynamodb:PutItem" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))


def test_the_machine_is_the_smallest_that_has_the_memory(backend):
    environment = project_of(backend(JOB % 'memory="8 GB"'))["Environment"]

    assert environment["ComputeType"] == "BUILD_GENERAL1_LARGE"
    assert environment["Image"] == "public.ecr.aws/lambda/python:3.12"
    assert environment["Type"] == "LINUX_CONTAINER"


def test_a_job_can_run_on_arm(backend):
    environment = project_of(backend(JOB % 'memory="8 GB", architecture="arm64"'))["Environment"]

    assert (environment["ComputeType"], environment["Type"]) == ("BUILD_GENERAL1_MEDIUM", "ARM_CONTAINER")


def test_a_node_job_runs_in_lambdas_node_image(backend):
    assembly = backend('Job(stack, "encode", handler="functions/badge.handler", runtime="nodejs22.x")')
    project = project_of(assembly)

    assert project["Environment"]["Image"] == "public.ecr.aws/lambda/nodejs:22"
    assert "node --enable-source-maps" in project["Source"]["BuildSpec"]


def test_in_development_the_manager_starts_the_live_function(backend):
    assembly = backend(JOB % "")
    (entry,) = [one for one in assembly.manifest.functions if one.function == "run"]

    assert "Ref" in manager_of(assembly)["Environment"]["Variables"]["LIVE_FUNCTION"]
    assert "codebuild:StartBuild" not in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))
    assert (entry.timeout_seconds, entry.memory_mb) == (7200, 3072)
    assert [(trigger.kind, trigger.label) for trigger in entry.triggers] == [("job", "job encode")]


def test_when_it_is_deployed_the_manager_starts_codebuild(backend, monkeypatch):
    monkeypatch.setenv("SUNDOG_MODE", "deploy")
    assembly = backend(JOB % "")
    statements = [
        statement
        for policy in assembly.resources("backend", "AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "codebuild:StartBuild" in statement["Action"]
    ]

    assert manager_of(assembly)["Environment"]["Variables"]["LIVE_FUNCTION"] == ""
    assert only(statements)["Action"] == ["codebuild:StartBuild", "codebuild:StopBuild"]
    assert "Arn" in json.dumps(only(statements)["Resource"])


def test_a_failed_job_is_not_begun_again(backend):
    config = only(backend(JOB % "").resources("backend", "AWS::Lambda::EventInvokeConfig"))

    assert config["MaximumRetryAttempts"] == 0


def test_whoever_it_is_bound_to_may_start_it_and_nothing_else(backend):
    assembly = backend(JOB % "")
    caller = only(
        found
        for found in assembly.resources("backend", "AWS::Lambda::Function")
        if found["Handler"] == "functions/notes.get"
    )

    assert "manager_name" in json.dumps(caller["Environment"]["Variables"]["SUNDOG_RESOURCE_ENCODE"])


def test_a_job_in_a_network(backend):
    assembly = backend(
        'from aws_cdk import aws_ec2 as ec2\nvpc = ec2.Vpc(stack, "vpc", max_azs=2)\n' + JOB % "vpc=vpc"
    )

    assert project_of(assembly)["VpcConfig"]["VpcId"]
    assert "ec2:AuthorizedService" in json.dumps(assembly.resources("backend", "AWS::IAM::Policy"))
