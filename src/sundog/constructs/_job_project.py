"""The CodeBuild project that runs a job on AWS, in the image that Lambda has for its runtime."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import aws_cdk
from aws_cdk import aws_codebuild as codebuild
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from sundog.bundle.job_commands import JOB_COMMANDS
from sundog.model.job import TIMEOUT_VARIABLE
from sundog.model.warmer import HANDLER_VARIABLE

if TYPE_CHECKING:
    from sundog.constructs.job import Job

# https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html
MACHINES = {
    "x86_64": {
        "SMALL": 3,
        "MEDIUM": 7,
        "LARGE": 15,
        "X_LARGE": 70,
        "X2_LARGE": 145,
    },
    "arm64": {"SMALL": 4, "MEDIUM": 8, "LARGE": 16, "X_LARGE": 64, "X2_LARGE": 96},
}
"""Gigabytes of the CDK's compute types."""


def largest_memory_mb(architecture: str) -> int:
    """Return the memory of the largest machine."""
    return max(MACHINES.get(architecture, MACHINES["x86_64"]).values()) * 1024


def machine(memory_mb: int, architecture: str) -> codebuild.ComputeType:
    """Return the smallest machine that has so much memory."""
    name = next(name for name, size in MACHINES[architecture].items() if size * 1024 >= memory_mb)
    return codebuild.ComputeType[name]


def image(runtime: str) -> str:
    """Return Lambda's image of a runtime.

    Example:
        >>> image("nodejs24.x")
        'public.ecr.aws/lambda/nodejs:24'
    """
    language, version = re.fullmatch(r"([a-z]+)([\d.]+?)(?:\.x)?", runtime).groups()  # type: ignore[union-attr]
    return f"public.ecr.aws/lambda/{language}:{version}"


def codebuild_project(job: Job, vpc: Any, vpc_subnets: Any, security_groups: Any) -> codebuild.Project:
    """Make the project of a job whose function exists."""
    entry = job.function.function_entry()
    assert entry is not None  # noqa: S101 - the job has made the function itself
    code = job.registry.assets.code(job.path.partition("/")[0], entry).bind(job).s3_location
    assert code is not None  # noqa: S101 - the code is an asset
    is_arm = entry.architecture == "arm64"
    images = codebuild.LinuxArmBuildImage if is_arm else codebuild.LinuxBuildImage
    handler = f"{entry.file.removeprefix(f'{entry.source}/').rpartition('.')[0]}.{entry.function}"
    variables = {
        **job.function.variables,
        HANDLER_VARIABLE: handler,
        "SUNDOG_JOB": job.id,
        TIMEOUT_VARIABLE: f"{job.timeout_seconds:g}",
    }
    bucket = s3.Bucket.from_bucket_name(job, "Code", code.bucket_name)
    bucket.grant_read(job.role, code.object_key)
    if vpc is not None:
        _permit_network(job)
    own: dict[str, Any] = {
        "description": f"Runs the job {job.id}",
        "source": codebuild.Source.s3(bucket=bucket, path=code.object_key),
        # The function waits for the role's policy, and the project names the function: what the CDK would grant for the
        # project, in the same policy, would close a circle. The role has permission to write logs, as every function's.
        "role": job.role.without_policy_updates(),
        "timeout": aws_cdk.Duration.seconds(job.timeout_seconds),
        "environment": codebuild.BuildEnvironment(
            build_image=images.from_docker_registry(image(entry.runtime)),
            compute_type=machine(job.memory_mb, entry.architecture),
        ),
        "environment_variables": {
            name: codebuild.BuildEnvironmentVariable(value=value) for name, value in variables.items()
        },
        "build_spec": codebuild.BuildSpec.from_object(
            {"version": "0.2", "phases": {"build": {"commands": [JOB_COMMANDS[entry.language]]}}}
        ),
        "logging": codebuild.LoggingOptions(
            cloud_watch=codebuild.CloudWatchLoggingOptions(
                log_group=logs.LogGroup.from_log_group_name(job, "Log", f"/aws/lambda/{job.function.name}")
            )
        ),
        "grant_report_group_permissions": False,
    }
    if vpc is not None:
        network = {"vpc": vpc, "subnet_selection": vpc_subnets, "security_groups": security_groups}
        own |= {name: value for name, value in network.items() if value is not None}
    return codebuild.Project(job, "Project", **{**own, **job.cdk_props("project")})


def _permit_network(job: Job) -> None:
    """Grant what CodeBuild needs to run in a network.

    https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html
    """
    described = ("DhcpOptions", "NetworkInterfaces", "SecurityGroups", "Subnets", "Vpcs")
    job.role.add_to_policy(
        iam.PolicyStatement(
            actions=[
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                *(f"ec2:Describe{what}" for what in described),
            ],
            resources=["*"],
        )
    )
    stack = job.stack
    job.role.add_to_policy(
        iam.PolicyStatement(
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=[f"arn:{stack.partition}:ec2:{stack.region}:{stack.account}:network-interface/*"],
            conditions={"StringEquals": {"ec2:AuthorizedService": "codebuild.amazonaws.com"}},
        )
    )
