"""What keeps requests from waiting for a cold start: warm environments, provisioned concurrency, SnapStart.

Provisioned concurrency and SnapStart belong to published versions. A function that has one is invoked through the alias
`live`, which follows the last version.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_settings import LARGEST_DEFAULT_DISK_MB
from sundog.constructs._runtimes import has_snap_start
from sundog.constructs._values import is_token, megabytes
from sundog.constructs._warmer import warmer_of
from sundog.errors import ConstructError
from sundog.model.warmer import HANDLER_VARIABLE, INTERVAL_MINUTES, WARM_HANDLER

if TYPE_CHECKING:
    from aws_cdk import aws_events as events

ALIAS = "live"
MOST_WARM = 100
_WARMED = ("python", "node")
_ASYNC = ("retry_attempts", "max_event_age", "on_success", "on_failure")


class InvalidColdStartSetting(ConstructError):
    """A function cannot be kept warm, provisioned or restored from a snapshot as asked.

    `warm` and `provisioned_concurrency` are numbers of execution environments. `warm` works for Python and Node. SnapStart
    exists for Python 3.12, Java 11 and .NET 8 and later, and neither together with provisioned concurrency nor with more
    than 512 MB of disk.
    """

    code = "SD-FUNCTION-005"


def check(construct: SundogConstruct, props: FunctionProps, runtime: str, language: str) -> None:
    """Refuse what Lambda would, or what would have no effect.

    Raises:
        InvalidColdStartSetting: A setting is wrong, or this function cannot have it.
    """
    for setting, given, most in (
        ("warm", props.warm, MOST_WARM),
        ("provisioned_concurrency", props.provisioned_concurrency, None),
    ):
        _check_count(construct, setting, given, most)
    if props.warm and language not in _WARMED:
        raise _invalid(
            construct,
            f"`warm` does not work for {runtime}",
            "the warmer's events are kept from handlers in Python and Node only",
            "remove `warm`, and set `provisioned_concurrency`",
        )
    if props.snap_start:
        _check_snap_start(construct, props, runtime)


def _check_count(construct: SundogConstruct, setting: str, given: Any, most: int | None) -> None:
    if given is None or is_token(given):
        return
    is_number = isinstance(given, int) and not isinstance(given, bool)
    if not is_number or given < 0 or (most is not None and given > most):
        raise _invalid(
            construct,
            f"`{setting}` is `{given}`",
            f"it is the number of execution environments, from 0{'' if most is None else f' to {most}'}",
            f"write `{setting}=1`",
        )


def _check_snap_start(construct: SundogConstruct, props: FunctionProps, runtime: str) -> None:
    if not has_snap_start(runtime):
        raise _invalid(
            construct,
            f"Lambda has no SnapStart for {runtime}",
            "it has it for Python 3.12, Java 11 and .NET 8, and later ones",
            "set `warm=1` instead"
            if runtime.startswith("nodejs")
            else "choose a later `runtime`, or set `warm=1` instead",
        )
    if props.provisioned_concurrency:
        raise _invalid(
            construct,
            "`snap_start` and `provisioned_concurrency` exclude each other",
            "Lambda restores environments from a snapshot, or keeps them ready",
            "remove one of the two",
        )
    disk = megabytes(props.disk)
    if disk is not None and disk > LARGEST_DEFAULT_DISK_MB:
        raise _invalid(
            construct,
            f"`snap_start` does not go with a `disk` of {disk} MB",
            f"Lambda takes snapshots of functions with up to {LARGEST_DEFAULT_DISK_MB} MB",
            "remove one of the two",
        )


def _invalid(construct: SundogConstruct, problem: str, why: str, fix: str) -> Exception:
    what = f"{construct.kind} `{construct.id}`: {problem}"
    return construct.error(InvalidColdStartSetting, what, why=why, fix=fix)


def properties(props: FunctionProps, language: str, handler: str) -> dict[str, Any]:
    """Return the CDK's properties for the function itself.

    Args:
        props: The settings.
        language: Of the handler.
        handler: The user's, as Lambda names it.
    """
    found: dict[str, Any] = {"handler": handler}
    if props.snap_start:
        found["snap_start"] = lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS
    if props.warm and language == "python":
        found["handler"] = WARM_HANDLER
    return found


def variables(props: FunctionProps, language: str, handler: str) -> dict[str, str]:
    """Return the environment variables that go with them."""
    return {HANDLER_VARIABLE: handler} if props.warm and language == "python" else {}


def publishes_versions(props: FunctionProps) -> bool:
    """Tell whether a function is invoked through an alias of its last version."""
    return bool(props.snap_start or props.provisioned_concurrency)


def split_async(options: Mapping[str, Any], *, alias: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Divide what `async_invocation` returned between the function and its alias.

    Lambda keeps retries and destinations for each qualifier, and dead letters for the function.
    """
    of_alias = {name: value for name, value in options.items() if alias and name in _ASYNC}
    return {name: value for name, value in options.items() if name not in of_alias}, of_alias


def add_alias(
    construct: SundogConstruct, props: FunctionProps, function: lambda_.Function, options: Mapping[str, Any]
) -> lambda_.Alias:
    """Make the alias through which everything invokes the function.

    Args:
        construct: The function, as the alias's parent.
        props: Its settings.
        function: The CDK's function.
        options: What becomes of asynchronous events.
    """
    own = {"alias_name": ALIAS, "version": function.current_version, **options}
    if props.provisioned_concurrency:
        own["provisioned_concurrent_executions"] = props.provisioned_concurrency
    return lambda_.Alias(construct, "Alias", **{**own, **construct.cdk_props("alias")})


def keep_warm(construct: SundogConstruct, count: int, function: lambda_.IFunction) -> None:
    """Have the stack's warmer call a function every few minutes, and when a deploy has replaced its environments.

    One rule does both: CloudFormation tells EventBridge that a stack has changed, whoever deployed it
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-events-reference.html). A session's own
    environments are warm, so in development the schedule is enough.

    Args:
        construct: The function, as the schedule's parent.
        count: How many environments.
        function: What the warmer invokes.
    """
    from aws_cdk import aws_events as events
    from aws_cdk import aws_events_targets as targets

    warmer = warmer_of(construct)
    function.grant_invoke(warmer)
    told = events.RuleTargetInput.from_object({"function": function.function_arn, "count": count})
    events.Rule(
        construct,
        "KeepWarm",
        description=f"Keeps {count} execution environments of {construct.id} warm",
        schedule=events.Schedule.rate(aws_cdk.Duration.minutes(INTERVAL_MINUTES)),
        event_pattern=None if construct.registry.mode == "dev" else _stack_has_changed(construct),
        targets=[targets.LambdaFunction(warmer, event=told, retry_attempts=0)],
    )


def _stack_has_changed(construct: SundogConstruct) -> events.EventPattern:
    from aws_cdk import aws_events as events

    return events.EventPattern(
        source=["aws.cloudformation"],
        detail_type=["CloudFormation Stack Status Change"],
        detail={
            "stack-id": [construct.stack.stack_id],
            "status-details": {"status": ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]},
        },
    )
