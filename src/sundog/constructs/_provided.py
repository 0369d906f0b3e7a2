"""Functions of sundog's own that answer CloudFormation: one of each in a stack that needs it."""

from __future__ import annotations

from importlib.resources import files

import aws_cdk
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_logs as logs

_LOG_DAYS = 30


def provided_function(
    stack: aws_cdk.Stack,
    child_id: str,
    source: str,
    *,
    seconds: int,
    memory_mb: int = 256,
    description: str,
    removal_policy: aws_cdk.RemovalPolicy,
) -> tuple[lambda_.Function, bool]:
    """Return the function, and whether it was made now.

    Its code is in the template, so that it needs no asset.

    Args:
        stack: The stack that needs it.
        child_id: Its id there.
        source: Name of the module in `sundog.aws.provided`, which imports what Lambda has and nothing else.
        seconds: Its timeout.
        memory_mb: Its memory, and its share of a processor.
        description: Shown in the AWS console.
        removal_policy: Of its log.
    """
    existing = stack.node.try_find_child(child_id)
    if isinstance(existing, lambda_.Function):
        return existing, False
    function = lambda_.Function(
        stack,
        child_id,
        code=lambda_.Code.from_inline(
            files("sundog.aws.provided").joinpath(f"{source}.py").read_text("utf-8")
        ),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_13,
        timeout=aws_cdk.Duration.seconds(seconds),
        memory_size=memory_mb,
        description=description,
    )
    group = logs.CfnLogGroup(
        stack,
        f"{child_id}Logs",
        log_group_name=f"/aws/lambda/{function.function_name}",
        retention_in_days=_LOG_DAYS,
    )
    group.apply_removal_policy(removal_policy)
    return function, True
