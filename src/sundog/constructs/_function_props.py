"""The settings of a function, and how defaults of app, stack and construct merge into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sundog.errors import ConstructError, Location, suggestion

if TYPE_CHECKING:
    import aws_cdk
    from aws_cdk import aws_ec2 as ec2
    from aws_cdk import aws_lambda as lambda_

    from sundog.constructs._permissions import Permission
    from sundog.constructs._registry import Registry


class UnknownFunctionProp(ConstructError):
    """A function's settings have a key that is not one.

    The settings are the arguments of `Function`; `cdk={"function": {…}}` passes any other property of the CDK's
    `aws_lambda.Function`.
    """

    code = "SD-CONSTRUCT-020"


@dataclass(frozen=True, kw_only=True)
class FunctionProps:
    """Everything that can be said about a function. What is None comes from the defaults.

    Example:
        >>> FunctionProps(handler="functions/notes.create", timeout="30 seconds", environment={"LOG_LEVEL": "DEBUG"})
    """

    handler: str | None = None
    """`path/to/file.function`, from the project root."""
    runtime: str | None = None
    """A Lambda runtime such as `python3.13`; by default what the handler's file and the project say."""
    timeout: float | str | aws_cdk.Duration | None = None
    """Seconds, or `"30 seconds"`; 10 seconds by default, 15 minutes at most."""
    memory: int | str | aws_cdk.Size | None = None
    """Megabytes, or `"1 GB"`; 1024 by default."""
    disk: int | str | aws_cdk.Size | None = None
    """Size of `/tmp`: megabytes, or `"2 GB"`; Lambda gives 512 MB."""
    architecture: str | None = None
    """`x86_64`, the default, or `arm64`."""
    environment: Mapping[str, str] | None = None
    bind: Sequence[Any] | None = None
    """Resources that the function uses: their names reach it through `sundog_runtime`, with the permission to use them."""
    permissions: Sequence[Permission] | str | None = None
    """Further permissions: `"s3:GetObject"`, a construct, `(construct, "grant_read")`, a PolicyStatement, `"*"`."""
    url: bool | Mapping[str, Any] | None = None
    """True for a URL of its own, or settings: `{"auth": "iam", "cors": {…}, "streaming": True}`."""
    layers: Sequence[Any] | None = None
    """ARNs of layers, or `aws_lambda.LayerVersion`s; at most five."""
    tracing: str | lambda_.Tracing | None = None
    """`active`, `pass_through` (Lambda's default) or `disabled`: what X-Ray is told."""
    reserved_concurrency: int | None = None
    """Invocations that may run at once; they are taken from the account's."""
    retries: int | None = None
    """How often an asynchronous event that failed is tried again; Lambda does it twice."""
    max_event_age: float | str | aws_cdk.Duration | None = None
    """How long an asynchronous event is kept; 6 hours by default."""
    on_success: Any | None = None
    """Where the results of asynchronous events go: a function, queue, topic, event bus or bucket."""
    on_failure: Any | None = None
    """Where those go that failed for good."""
    dead_letter: Any | None = None
    """Where the failed events themselves go: True for a queue of its own, or a queue or topic."""
    warm: int | None = None
    """How many execution environments a schedule keeps warm."""
    provisioned_concurrency: int | None = None
    """How many execution environments Lambda keeps ready, whether they are used or not."""
    snap_start: bool | None = None
    """Restore new environments from a snapshot of an initialised one."""
    vpc: ec2.IVpc | None = None
    """The network that the function runs in."""
    vpc_subnets: ec2.SubnetSelection | Mapping[str, Any] | None = None
    """Which of its subnets; the private ones by default."""
    security_groups: Sequence[ec2.ISecurityGroup] | None = None
    """The function's security groups; one of its own by default."""
    file_system: lambda_.FileSystem | None = None
    """An access point of EFS in that network, and where the function finds it."""
    description: str | None = None
    log_retention_days: int | None = None
    """How long CloudWatch keeps the log; for ever by default."""
    log_format: str | None = None
    """`text`, Lambda's default, or `json`: a JSON object for each line."""
    log_level: str | None = None
    """The least that the function's log keeps, in JSON: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`."""
    system_log_level: str | None = None
    """The least that it keeps of what Lambda itself says: `DEBUG`, `INFO` or `WARN`."""
    build: Mapping[str, Any] | None = None
    """Options of the language's builder."""
    cdk: Mapping[str, Any] | None = None
    """`{"function": {…}}` lays properties of the CDK's `aws_lambda.Function` over sundog's."""

    def __post_init__(self) -> None:
        """Take one permission, written without a list, for a list of one."""
        if isinstance(self.permissions, str):
            object.__setattr__(self, "permissions", [self.permissions])


FUNCTION_PROPS = tuple(field.name for field in fields(FunctionProps))
DEFAULT_MEMORY_MB = 1024
FUNCTION_DEFAULTS = FunctionProps(timeout=10, memory=DEFAULT_MEMORY_MB, architecture="x86_64")
_BY_KEY = ("environment", "build", "cdk")
_JOINED = ("bind", "permissions", "layers")


def merged(defaults: FunctionProps, own: FunctionProps) -> FunctionProps:
    """Return settings laid over defaults: environments by key, bindings and permissions joined, the rest replaced."""
    changes: dict[str, Any] = {}
    for name in FUNCTION_PROPS:
        value, default = getattr(own, name), getattr(defaults, name)
        if value is None:
            continue
        if default is not None and name in _BY_KEY:
            value = {**default, **value}
        elif default is not None and name in _JOINED:
            value = [*default, *(item for item in value if not any(item is other for other in default))]
        changes[name] = value
    return replace(defaults, **changes)


def function_props(given: FunctionProps | Mapping[str, Any], where: Location | None) -> FunctionProps:
    """Return settings that the user wrote as a dictionary or as `FunctionProps`.

    Raises:
        UnknownFunctionProp: A key is not a setting.
    """
    if isinstance(given, FunctionProps):
        return given
    for key in given:
        if key not in FUNCTION_PROPS:
            close = suggestion(str(key), FUNCTION_PROPS)
            raise UnknownFunctionProp(
                f"`{key}` is not a setting of a function",
                where=where,
                why=f"the settings are {', '.join(FUNCTION_PROPS)}",
                fix=f"write `{close}`" if close else f'put it in `cdk={{"function": {{"{key}": …}}}}`',
            )
    return FunctionProps(**given)


def with_defaults(registry: Registry, path: str, own: FunctionProps) -> FunctionProps:
    """Return a function's settings laid over those of its stack, of its app and of all functions.

    Args:
        registry: The app's.
        path: Of the function.
        own: Its settings, over those of the construct that makes it.
    """
    props = FUNCTION_DEFAULTS
    stack_path = path.partition("/")[0]
    for place in ("", stack_path):
        defaults = registry.function_defaults.get(place)
        if defaults is not None:
            props = merged(props, defaults)
    registry.paths_with_functions.add(stack_path)
    return merged(props, own)
