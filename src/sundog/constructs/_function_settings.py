"""The plain settings of a function, each checked against what Lambda allows.

Limits are those of https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html unless a line names another page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._handlers import Handler
from sundog.constructs._registry import listed, type_name
from sundog.constructs._runtimes import ARCHITECTURES, RUNTIMES, default_runtime, language_of
from sundog.constructs._values import DURATION_FORMS, SIZE_FORMS, is_token, megabytes, seconds
from sundog.errors import ConstructError, suggestion

LONGEST_TIMEOUT_SECONDS = 900
SMALLEST_MEMORY_MB, LARGEST_MEMORY_MB = 128, 10240
SMALLEST_DISK_MB, LARGEST_DISK_MB = 512, 10240
LARGEST_DEFAULT_DISK_MB = SMALLEST_DISK_MB
MOST_LAYERS = 5
TRACING = {
    "active": lambda_.Tracing.ACTIVE,
    "pass_through": lambda_.Tracing.PASS_THROUGH,
    "disabled": lambda_.Tracing.DISABLED,
}


class InvalidFunctionSetting(ConstructError):
    """A function's setting is not one that Lambda has: its timeout, memory, runtime, layers, network, ….

    The message names the setting, what was given and what is allowed.
    """

    code = "SD-CONSTRUCT-021"


def invalid(construct: SundogConstruct, setting: str, given: object, why: str, fix: str) -> Exception:
    """Return the error for a setting that Lambda would refuse."""
    what = f"{construct.kind} `{construct.id}`: `{setting}` is `{given}`"
    return construct.error(InvalidFunctionSetting, what, why=why, fix=fix)


def timeout_seconds(construct: SundogConstruct, given: Any) -> float:
    """Return a timeout in seconds."""
    allowed = f"Lambda allows 1 to {LONGEST_TIMEOUT_SECONDS} seconds, written as {DURATION_FORMS}"
    fix = f"set `timeout` to at most {LONGEST_TIMEOUT_SECONDS}"
    value = _within(construct, "timeout", given, seconds, (1, LONGEST_TIMEOUT_SECONDS), allowed, fix)
    return float(value)


def memory_megabytes(construct: SundogConstruct, given: Any) -> int:
    """Return the memory in megabytes."""
    limits = (SMALLEST_MEMORY_MB, LARGEST_MEMORY_MB)
    allowed = f"Lambda allows {limits[0]} to {limits[1]} MB, written as {SIZE_FORMS}"
    fix = f"set `memory` between {limits[0]} and {limits[1]}"
    return int(_within(construct, "memory", given, megabytes, limits, allowed, fix))


def disk_size(construct: SundogConstruct, given: Any) -> aws_cdk.Size | None:
    """Return the size of `/tmp`; None for Lambda's own default."""
    if given is None:
        return None
    limits = (SMALLEST_DISK_MB, LARGEST_DISK_MB)
    allowed = f"Lambda gives `/tmp` {limits[0]} to {limits[1]} MB, written as {SIZE_FORMS}"
    fix = f"set `disk` between {limits[0]} and {limits[1]}"
    return aws_cdk.Size.mebibytes(_within(construct, "disk", given, megabytes, limits, allowed, fix))


def reserved_concurrency(construct: SundogConstruct, given: Any) -> int | None:
    """Return how many invocations may run at once; None for no limit of the function's own."""
    if given is None:
        return None
    allowed = "it is the number of invocations that may run at once; 0 stops the function"
    fix = "write a whole number: `reserved_concurrency=5`"
    return int(_within(construct, "reserved_concurrency", given, _whole, (0, float("inf")), allowed, fix))


def runtime_name(construct: SundogConstruct, given: str | None, handler: Handler) -> str:
    """Return the Lambda runtime that runs a handler."""
    if given is None:
        return default_runtime(handler.language, handler.source)
    fitting = [name for name in RUNTIMES if language_of(name) == handler.language]
    if given not in fitting:
        close = suggestion(given, fitting) or fitting[-1]
        raise construct.error(
            InvalidFunctionSetting,
            f"{construct.kind} `{construct.id}`: `{given}` cannot run `{handler.file.name}`",
            why=f"the runtimes for it are {listed(fitting)}",
            fix=f'write `runtime="{close}"`, or leave it out',
        )
    return given


def architecture_name(construct: SundogConstruct, given: str | None) -> str:
    """Return the name of an instruction set."""
    return one_of(construct, "architecture", given, ARCHITECTURES, "is not an architecture of Lambda")


def tracing_mode(construct: SundogConstruct, given: Any) -> lambda_.Tracing | None:
    """Return what X-Ray is told of the function; None for Lambda's own default."""
    if given is None or isinstance(given, lambda_.Tracing):
        return given
    return TRACING[one_of(construct, "tracing", given, tuple(TRACING), "is not a mode of tracing")]


def layer_versions(construct: SundogConstruct, given: Any) -> list[lambda_.ILayerVersion]:
    """Return layers that were given as ARNs or as constructs."""
    items = [given] if isinstance(given, str) else list(given or [])
    if len(items) > MOST_LAYERS:
        raise invalid(
            construct,
            "layers",
            f"{len(items)} layers",
            f"Lambda takes {MOST_LAYERS}",
            "package some with the code",
        )
    return [_layer(construct, item, number) for number, item in enumerate(items)]


def network(construct: SundogConstruct, props: FunctionProps) -> dict[str, Any]:
    """Return the CDK's properties for a function in a network; none of them outside one."""
    found: dict[str, Any] = {
        "vpc_subnets": props.vpc_subnets,
        "security_groups": props.security_groups,
        "file_system": props.file_system,
    }
    given = {name: value for name, value in found.items() if value is not None}
    if props.vpc is None and given:
        setting = next(iter(given))
        raise construct.error(
            InvalidFunctionSetting,
            f"{construct.kind} `{construct.id}` has `{setting}` and no `vpc`",
            why="a function reaches file systems within a VPC only"
            if setting == "file_system"
            else "they place a function within a VPC",
            fix=f"add `vpc=…`, or remove `{setting}`",
        )
    if props.file_system is not None and not isinstance(props.file_system, lambda_.FileSystem):
        raise invalid(
            construct,
            "file_system",
            type_name(props.file_system).strip("`"),
            "it is an access point of a file system, and where it is mounted",
            'write `file_system=aws_lambda.FileSystem.from_efs_access_point(access_point, "/mnt/files")`',
        )
    if props.vpc is not None:
        given["vpc"] = props.vpc
    if "file_system" in given:
        given["filesystem"] = given.pop("file_system")
    return given


def _within(
    construct: SundogConstruct,
    setting: str,
    given: Any,
    read: Callable[[object], float | None],
    limits: tuple[float, float],
    allowed: str,
    fix: str,
) -> Any:
    """Return a number within limits. What only CloudFormation knows is let through."""
    value = given if is_token(given) else read(given)
    if value is None or (not is_token(value) and not limits[0] <= value <= limits[1]):
        raise invalid(construct, setting, given, allowed, fix)
    return value


def _whole(given: object) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def one_of(construct: SundogConstruct, setting: str, given: Any, known: Iterable[str], problem: str) -> str:
    """Return a word that is one of a few."""
    names = tuple(known)
    if given not in names:
        close = suggestion(str(given), names) or names[0]
        raise construct.error(
            InvalidFunctionSetting,
            f"{construct.kind} `{construct.id}`: `{given}` {problem}",
            why=f"the choices are {listed(names)}",
            fix=f'write `{setting}="{close}"`',
        )
    return str(given)


def _layer(construct: SundogConstruct, item: Any, number: int) -> lambda_.ILayerVersion:
    if isinstance(item, str):
        if not is_token(item) and (item.count(":") != 7 or ":layer:" not in item):
            raise invalid(
                construct,
                "layers",
                item,
                "the ARN of a layer ends with the version: `arn:aws:lambda:eu-west-1:123456789012:layer:name:1`",
                "copy the whole ARN, or hand in an `aws_lambda.LayerVersion`",
            )
        return lambda_.LayerVersion.from_layer_version_arn(construct, f"Layer{number}", item)
    if hasattr(type(item), "layer_version_arn"):
        layer: lambda_.ILayerVersion = item
        return layer
    raise invalid(
        construct,
        "layers",
        type_name(item).strip("`"),
        "a layer is an ARN or an `aws_lambda.LayerVersion`",
        "hand in one of the two",
    )
