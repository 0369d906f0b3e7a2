"""The function that keeps others warm: one for each stack, made when a function of the stack asks for it."""

from __future__ import annotations

import aws_cdk
import aws_cdk.aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from sundog.constructs._construct import SundogConstruct
from sundog.model.warmer import DELAY_MS, LONGEST_DELAY_MS, WARMER_KEY

WARMER_ID = "SundogWarmer"
MEMORY_MB = 128

# It waits for the answers of all, so that they run at once, each in an environment of its own. When environments have
# answered several because the events came one after the other, all are sent again and held for longer.
_CODE = f"""\
import json
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

functions = boto3.client("lambda", config=Config(max_pool_connections=100, retries={{"max_attempts": 0}}))


def call(name, delay):
    event = json.dumps({{"{WARMER_KEY}": {{"delay_ms": delay}}}})
    answer = functions.invoke(FunctionName=name, Payload=event)
    told = json.load(answer["Payload"])
    if "FunctionError" in answer:
        raise RuntimeError(json.dumps(told))
    return told


def handler(event, context):
    name, count, delay = event["function"], event["count"], {DELAY_MS}
    while True:
        with ThreadPoolExecutor(count) as threads:
            answers = list(threads.map(call, [name] * count, [delay] * count))
        warm = len({{answer["environment"] for answer in answers}})
        if warm == count or delay >= {LONGEST_DELAY_MS} or answers[0].get("live"):
            break
        delay *= 2
    print(f"{{name}}: {{count}} events, {{warm}} environments")
    return {{"events": count, "environments": warm}}
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
