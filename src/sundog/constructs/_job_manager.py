"""The function that starts and cancels a job: one for each, so that whoever may use one job may use no other.

It has the same two answers in both worlds: CodeBuild's, and on a stage that `sundog dev` serves the live function's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from sundog.model.job import CANCEL_KEY

if TYPE_CHECKING:
    from sundog.constructs.job import Job

_CODE = f"""\
import json
import os

import boto3

LIVE = os.environ["LIVE_FUNCTION"]
functions, builds = boto3.client("lambda"), boto3.client("codebuild")


def run(payload):
    text = json.dumps(payload)
    if LIVE:
        answer = functions.invoke(FunctionName=LIVE, InvocationType="Event", Payload=text)
        return answer["ResponseMetadata"]["RequestId"]
    variable = {{"name": "SUNDOG_PAYLOAD", "value": text, "type": "PLAINTEXT"}}
    started = builds.start_build(projectName=os.environ["PROJECT"], environmentVariablesOverride=[variable])
    return started["build"]["id"]


def cancel(job):
    if LIVE:
        functions.invoke(FunctionName=LIVE, Payload=json.dumps({{"{CANCEL_KEY}": job}}))
    else:
        builds.stop_build(id=job)
    return job


def handler(event, context):
    return {{"id": cancel(event["cancel"]) if "cancel" in event else run(event["run"])}}
"""


def job_manager(job: Job) -> lambda_.Function:
    """Make the manager of a job whose function and project exist."""
    live = job.registry.mode == "dev"
    own = {
        "description": f"Starts and cancels the job {job.id}",
        "code": lambda_.Code.from_inline(_CODE),
        "handler": "index.handler",
        "runtime": lambda_.Runtime.PYTHON_3_13,
        "memory_size": 256,
        "timeout": aws_cdk.Duration.seconds(30),
        "environment": {
            # A name, or nothing: the session runs the job, or CodeBuild does.
            "LIVE_FUNCTION": job.function.name if live else "",
            "PROJECT": job.cdk.project.project_name,
        },
    }
    manager = lambda_.Function(job, "Manager", **{**own, **job.cdk_props("manager")})
    logs.CfnLogGroup(
        job, "ManagerLogs", log_group_name=f"/aws/lambda/{manager.function_name}", retention_in_days=30
    )
    if live:
        job.cdk.function.grant_invoke(manager)
    else:
        manager.add_to_role_policy(
            iam.PolicyStatement(
                actions=["codebuild:StartBuild", "codebuild:StopBuild"],
                resources=[job.cdk.project.project_arn],
            )
        )
    return manager
