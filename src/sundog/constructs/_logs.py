"""The log of a function: its group in CloudWatch, how long it is kept, its form, and what it leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_logs as logs

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_settings import InvalidFunctionSetting, invalid, one_of
from sundog.constructs._values import is_token

if TYPE_CHECKING:
    from sundog.constructs._function_props import FunctionProps

# The values are names: asking for the CDK's objects while a module is imported would start Node.
LOG_FORMATS = {"text": "TEXT", "json": "JSON"}
LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
SYSTEM_LOG_LEVELS = ("DEBUG", "INFO", "WARN")
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip


def create_log_group(
    construct: SundogConstruct, function: lambda_.IFunction, retention_days: Any
) -> logs.CfnLogGroup:
    """Make the group of a function's log.

    Lambda would make it itself at the first invocation, and leave it behind when the stack goes.

    Args:
        construct: The function, as the group's parent.
        function: The CDK's.
        retention_days: How long lines are kept; None for ever.

    Raises:
        InvalidFunctionSetting: CloudWatch does not have such a time.
    """
    group = logs.CfnLogGroup(
        construct,
        "Logs",
        log_group_name=f"/aws/lambda/{function.function_name}",
        retention_in_days=log_retention(construct, retention_days),
        **construct.cdk_props("log_group"),
    )
    if construct.registry.removal_policy == aws_cdk.RemovalPolicy.RETAIN:
        # Deleting is what CloudFormation does unasked.
        group.apply_removal_policy(aws_cdk.RemovalPolicy.RETAIN)
    return group


def log_retention(construct: SundogConstruct, given: Any) -> int | None:
    """Return how many days CloudWatch keeps a log; None for ever."""
    if given is None or is_token(given) or given in RETENTION_DAYS:
        return None if given is None else int(given)
    longer = [days for days in RETENTION_DAYS if isinstance(given, int) and days >= given]
    raise invalid(
        construct,
        "log_retention_days",
        given,
        f"CloudWatch keeps logs for {', '.join(map(str, RETENTION_DAYS))} days, or for ever",
        f"set `log_retention_days={longer[0] if longer else RETENTION_DAYS[-1]}`",
    )


def logging(construct: SundogConstruct, props: FunctionProps) -> dict[str, Any]:
    """Return the CDK's properties for the form of a function's log and for what it leaves out.

    Lambda leaves lines out of logs in JSON only, so a level asks for that form:
    https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
    """
    levels = {
        "application_log_level_v2": (lambda_.ApplicationLogLevel, "log_level", props.log_level, LOG_LEVELS),
        "system_log_level_v2": (
            lambda_.SystemLogLevel,
            "system_log_level",
            props.system_log_level,
            SYSTEM_LOG_LEVELS,
        ),
    }
    found: dict[str, Any] = {}
    for name, (kind, setting, given, known) in levels.items():
        if given is not None:
            wanted = given.upper() if isinstance(given, str) else given
            found[name] = getattr(
                kind, one_of(construct, setting, wanted, known, "is not a level of Lambda's logs")
            )
    if props.log_format is None and not found:
        return {}
    form = one_of(
        construct, "log_format", props.log_format or "json", LOG_FORMATS, "is not a form of Lambda's logs"
    )
    if form == "text" and found:
        level = "log_level" if props.log_level is not None else "system_log_level"
        raise construct.error(
            InvalidFunctionSetting,
            f"{construct.kind} `{construct.id}` has `{level}` and logs text",
            why="Lambda leaves lines out of logs in JSON only",
            fix=f'write `log_format="json"`, or remove `{level}`',
        )
    return {"logging_format": getattr(lambda_.LoggingFormat, LOG_FORMATS[form]), **found}
