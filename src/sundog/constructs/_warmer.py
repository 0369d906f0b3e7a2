"""The function that keeps others warm: one for each stack, made when a function of the stack asks for it."""

from __future__ import annotations

import aws_cdk
import aws_cdk.aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from sundog.constructs._construct import SundogConstruct
from sundog.model.warmer import DELAY_MS, WARMER_KEY

WARMER_ID = "SundogWarmer"
MEMORY_MB = 128

# It waits for the answers of all, so that they run at once, each in an environment of its own.
_CODE = f"""\
import json
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

functions = boto3.client("lambda", config=Config(max_pool_connections=100, retries={{"max_attempts": 0}}))
EVENT = json.dumps({{"{WARMER_KEY}": {{"delay_ms": {DELAY_MS}}}}})


def call(name):
    answer = functions.invoke(FunctionName=name, Payload=EVENT)
    told = json.load(answer["Payload"])
    return told["environment"] if "FunctionError" not in answer else "failed: " + json.dumps(told)


def handler(event, context):
    with ThreadPoolExecutor(event["count"]) as threads:
        answers = list(threads.map(call, [event["function"]] * event["count"]))
    failed = [answer for answer in answers if answer.startswith("failed: ")]
    if failed:
        raise RuntimeError(failed[0])
    warm = len(set(answers))
    print(f"{{event['function']}}: {{event['count']}} events, {{warm}} environments")
    return {{"events": event["count"], "environments": warm}}
"""


def warmer_of(construct: SundogConstruct) -> lambda_.Function:
    """Return the warmer of a construct's stack."""
    stack = construct.stack
    existing = stack.node.try_find_child(WARMER_ID)
    if isinstance(existing, lambda_.Function):
        return existing
    warmer = lambda_.Function(
        stack,
        WARMER_ID,
        description="Keeps execution environments of the functions of this stack warm",
        code=lambda_.Code.from_inline(_CODE),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        memory_size=MEMORY_MB,
        timeout=aws_cdk.Duration.minutes(1),
    )
    logs.CfnLogGroup(
        stack,
        f"{WARMER_ID}Logs",
        log_group_name=f"/aws/lambda/{warmer.function_name}",
        retention_in_days=7,
    )
    return warmer
