"""Access logs of API Gateway's stages: one JSON line for each request, in a log group of the construct's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aws_cdk
import aws_cdk.aws_apigateway as rest
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
from constructs import Construct, IConstruct

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._logs import RETENTION_DAYS
from sundog.constructs._settings import refuse_unknown_settings
from sundog.constructs._values import is_token
from sundog.errors import ConstructError

_ACCOUNT_LOGGING = "SundogApiGatewayLogging"
_KEYS = ("format", "retention_days", "destination_arn")


class InvalidAccessLog(ConstructError):
    """`access_log` is neither True, False, a format nor a dictionary of settings.

    A format names what API Gateway writes for a request, such as `$context.requestId $context.status`:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
    """

    code = "SD-API-004"


class AccessLog:
    """Where the lines of a stage go, and what they say."""

    def __init__(
        self,
        owner: SundogConstruct,
        given: bool | str | Mapping[str, Any],  # noqa: FBT001 - the caller's own argument
        fields: Mapping[str, str],
    ) -> None:
        """Make the log group unless the user names another destination.

        Args:
            owner: The API.
            given: Its `access_log`, which is not False.
            fields: What the lines hold by default: keys of the JSON object, and API Gateway's variables.
        """
        settings = _settings(owner, given)
        self.format: str = settings.get("format") or json.dumps(dict(fields), separators=(",", ":"))
        if "$context.requestId" not in self.format and "$context.extendedRequestId" not in self.format:
            raise owner.error(
                InvalidAccessLog,
                f"{owner.kind} `{owner.id}`: the format of `access_log` names no request",
                why="API Gateway refuses a format without `$context.requestId`",
                fix=f'write `access_log="$context.requestId {self.format[:40]}"`',
            )
        self.log_group: logs.CfnLogGroup | None = None
        self.destination_arn: str = settings.get("destination_arn") or self._group_arn(
            owner, settings.get("retention_days")
        )

    def _group_arn(self, owner: SundogConstruct, retention_days: int | None) -> str:
        # Groups below this prefix do not use up the account's resource policy, whose size is limited:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
        name = f"/aws/vendedlogs/{owner.kind.lower()}/{owner.physical_name}"
        kept = owner.registry.removal_policy == aws_cdk.RemovalPolicy.RETAIN
        if kept:
            # The group outlives its stack, and must not be in the way of the next one.
            identity = aws_cdk.Fn.select(2, aws_cdk.Fn.split("/", aws_cdk.Aws.STACK_ID))
            name += "-" + aws_cdk.Fn.select(0, aws_cdk.Fn.split("-", identity))
        self.log_group = logs.CfnLogGroup(
            owner, "AccessLog", log_group_name=name, retention_in_days=retention_days
        )
        if kept:
            # Deleting is what CloudFormation does unasked.
            self.log_group.apply_removal_policy(aws_cdk.RemovalPolicy.RETAIN)
        # With `:*` at the end, as the attribute has it, API Gateway refuses the ARN.
        return aws_cdk.Stack.of(owner).format_arn(
            service="logs",
            resource="log-group",
            resource_name=self.log_group.ref,
            arn_format=aws_cdk.ArnFormat.COLON_RESOURCE_NAME,
        )


def _settings(owner: SundogConstruct, given: object) -> dict[str, Any]:
    if given is True:
        return {}
    if isinstance(given, str):
        return {"format": given}
    if not isinstance(given, Mapping):
        raise owner.error(
            InvalidAccessLog,
            f"{owner.kind} `{owner.id}`: `access_log` is `{given!r}`",
            why="`access_log` is True, False, a format or a dictionary",
            fix='write `access_log={"retention_days": 30}`',
        )
    refuse_unknown_settings(owner, InvalidAccessLog, "`access_log`", given, _KEYS)
    retention = given.get("retention_days")
    if retention is not None and not is_token(retention) and retention not in RETENTION_DAYS:
        longer = [days for days in RETENTION_DAYS if isinstance(retention, int) and days >= retention]
        raise owner.error(
            InvalidAccessLog,
            f"{owner.kind} `{owner.id}`: `retention_days` of `access_log` is `{retention}`",
            why=f"CloudWatch keeps logs for {', '.join(map(str, RETENTION_DAYS))} days, or for ever",
            fix=f'write `"retention_days": {longer[0] if longer else RETENTION_DAYS[-1]}`',
        )
    return dict(given)


def account_logging(owner: SundogConstruct) -> IConstruct:
    """Return what lets API Gateway write logs of REST and WebSocket APIs in the account: one role, for each stack.

    The role is a setting of the account and the region, not of a stack, so it stays when the stack goes: the APIs of
    other stages use it too.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
    """
    stack = aws_cdk.Stack.of(owner)
    existing = stack.node.try_find_child(_ACCOUNT_LOGGING)
    if existing is not None:
        return existing
    holder = Construct(stack, _ACCOUNT_LOGGING)
    role = iam.Role(
        holder,
        "Role",
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name(
                "service-role/AmazonAPIGatewayPushToCloudWatchLogs"
            )
        ],
    )
    role.apply_removal_policy(aws_cdk.RemovalPolicy.RETAIN)
    account = rest.CfnAccount(holder, "Account", cloud_watch_role_arn=role.role_arn)
    account.apply_removal_policy(aws_cdk.RemovalPolicy.RETAIN)
    return holder
