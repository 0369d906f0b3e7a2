"""A Lambda function, and what every construct makes of the handler that it is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import aws_cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import jsii
import msgspec
from constructs import Construct

from sundog.constructs import _cold_starts as cold_starts
from sundog.constructs import _function_settings as settings
from sundog.constructs._async_invocation import async_invocation
from sundog.constructs._binding import Bindable, Binding, Narrowed
from sundog.constructs._bound import BoundResources
from sundog.constructs._construct import ImportedResource, SundogConstruct
from sundog.constructs._function_entry import function_entry
from sundog.constructs._function_environment import checked_environment
from sundog.constructs._function_props import FUNCTION_PROPS, FunctionProps, with_defaults
from sundog.constructs._function_url import add_url
from sundog.constructs._handlers import resolve_handler
from sundog.constructs._logs import create_log_group, logging
from sundog.constructs._permissions import (
    Permission,
    grant_permission,
)
from sundog.constructs._registry import type_name
from sundog.constructs._runtimes import cdk_runtime
from sundog.constructs._values import is_token
from sundog.errors import ConstructError
from sundog.model.manifest import FunctionEntry, Trigger

if TYPE_CHECKING:
    # The CDK's largest module, and only the few functions in a network load it.
    import aws_cdk.aws_ec2 as ec2

_FOR_ANY_FUNCTION = ("bind", "permissions", "cdk")
"""What an imported function can be given too."""
BindItem: TypeAlias = Bindable | Narrowed | tuple[Bindable, "str | iam.PolicyStatement"]
"""What `bind` takes: a construct, or one narrowed to less permission."""


class NoFunctionUrl(ConstructError):
    """The URL of a function was asked for, and the function has none: `url=True` gives it one."""

    code = "SD-FUNCTION-003"


class InvalidEventSource(ConstructError):
    """Something that is not an event source of the CDK was given to `add_event_source`."""

    code = "SD-FUNCTION-004"


class MissingHandler(ConstructError):
    """A function has neither a handler nor an existing CDK function."""

    code = "SD-CONSTRUCT-022"


@jsii.implements(iam.IGrantable)
class Function(SundogConstruct):
    """A Lambda function whose code is a file of the project.

    The file decides the language: `.py` runs in the Python that the project requires, `.ts` and `.js` in Node.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the functions of the app.
        handler: `path/to/file.function`, from the project root.
        runtime: A Lambda runtime such as `python3.13`.
        timeout: Seconds, or `"30 seconds"`.
        memory: Megabytes, or `"1 GB"`.
        disk: Size of `/tmp`: megabytes, or `"2 GB"`.
        architecture: `x86_64` or `arm64`.
        environment: Environment variables.
        bind: Resources that the function uses; `notes.read_only` narrows what it may do.
        permissions: Further permissions; `"*"` allows everything.
        url: True for a URL of its own, or its settings: `{"auth": "iam", "cors": False, "streaming": True}`.
        layers: ARNs of layers, or `aws_lambda.LayerVersion`s.
        tracing: `active`, `pass_through` or `disabled`: what X-Ray is told.
        reserved_concurrency: Invocations that may run at once.
        retries: How often an asynchronous event that failed is tried again: 0 to 2.
        max_event_age: How long it is kept for that: `"1 hour"`.
        on_success: Where the results of asynchronous events go: a function, queue, topic, event bus or bucket.
        on_failure: Where those go that failed for good.
        dead_letter: Where the failed events themselves go: True for a queue of its own, or a queue or topic.
        warm: Execution environments that a schedule keeps warm.
        provisioned_concurrency: Execution environments that Lambda keeps ready.
        snap_start: Restore new environments from a snapshot of an initialised one.
        vpc: The `aws_ec2.Vpc` that the function runs in.
        vpc_subnets: Which of its subnets, as for the CDK: `{"subnet_type": SubnetType.PRIVATE_ISOLATED}`.
        security_groups: The function's security groups; one of its own by default.
        file_system: An access point of EFS and where it is mounted: `lambda_.FileSystem.from_efs_access_point(point, "/mnt/x")`.
        description: Shown in the AWS console.
        log_retention_days: How long CloudWatch keeps the log.
        log_format: `text` or `json`: how lines are written to it.
        log_level: The least that it keeps: `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR` or `FATAL`; asks for JSON.
        system_log_level: The least that it keeps of Lambda's own lines: `DEBUG`, `INFO` or `WARN`; asks for JSON.
        build: Files to copy, commands to run around the build, and options of esbuild: `{"copy_files": […], "hooks": {…}}`.
        cdk: `{"function": {…}}`, `{"log_group": {…}}`, `{"url": {…}}` and `{"dead_letter_queue": {…}}` lay properties
            over the CDK's; `{"function": existing}` uses a function as it is.

    Example:
        >>> resize = Function(stack, "resize", handler="functions/images.resize", timeout="1 minute", bind=[notes])
        >>> resize.cdk.function.add_alias("live")
    """

    kind = "Function"
    cdk_keys = ("function", "alias", "log_group", "url", "dead_letter_queue")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        handler: str | None = None,
        runtime: str | None = None,
        timeout: float | str | aws_cdk.Duration | None = None,
        memory: int | str | aws_cdk.Size | None = None,
        disk: int | str | aws_cdk.Size | None = None,
        architecture: str | None = None,
        environment: Mapping[str, str] | None = None,
        bind: Sequence[BindItem] | None = None,
        permissions: Sequence[Permission] | str | None = None,
        url: bool | Mapping[str, Any] | None = None,
        layers: Sequence[str | lambda_.ILayerVersion] | None = None,
        tracing: str | lambda_.Tracing | None = None,
        reserved_concurrency: int | None = None,
        retries: int | None = None,
        max_event_age: float | str | aws_cdk.Duration | None = None,
        on_success: Any | None = None,
        on_failure: Any | None = None,
        dead_letter: Any | None = None,
        warm: int | None = None,
        provisioned_concurrency: int | None = None,
        snap_start: bool | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: ec2.SubnetSelection | Mapping[str, Any] | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        file_system: lambda_.FileSystem | None = None,
        description: str | None = None,
        log_retention_days: int | None = None,
        log_format: str | None = None,
        log_level: str | None = None,
        system_log_level: str | None = None,
        build: Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        # Every setting is an argument of the same name; a contract test holds the two together.
        own = FunctionProps(**{name: value for name, value in locals().items() if name in FUNCTION_PROPS})
        super().__init__(scope, id, cdk=cdk)
        self._define(own)

    def _define(self, own: FunctionProps) -> None:
        self.triggers: list[Trigger] = []
        self.timeout_seconds: float | None = None
        self.variables: dict[str, str] = {}
        self._bound = BoundResources(self)
        self._entry: FunctionEntry | None = None
        for key in self.cdk_keys:
            setattr(self.cdk, key, None)
        configured = {name: getattr(own, name) for name in FUNCTION_PROPS if name not in _FOR_ANY_FUNCTION}
        existing = self.cdk_import("function", configured)
        if existing is not None:
            self._function = self.cdk.function = existing
            self.bind(own.bind or [])
            self._permit(own.permissions)
        else:
            self._create(with_defaults(self.registry, self.path, own))
        self.registry.constructs.append(self)

    def _create(self, props: FunctionProps) -> None:
        if props.handler is None:
            raise self.error(
                MissingHandler,
                f"Function `{self.id}` has no handler",
                why="`handler` says which code runs",
                fix='add `handler="functions/file.function"`',
            )
        handler = resolve_handler(
            props.handler,
            root=self.registry.project.root,
            where=self.registry.places.location(self.place),
            strict=self.registry.mode == "deploy",
        )
        self._cdk_input = dict(props.cdk or {})
        timeout = settings.timeout_seconds(self, props.timeout)
        runtime = settings.runtime_name(self, props.runtime, handler)
        architecture = settings.architecture_name(self, props.architecture)
        cold_starts.check(self, props, runtime, handler.language)
        grants = self._bound.add_all(props.bind or [])
        self.timeout_seconds = None if is_token(timeout) else timeout
        memory = settings.memory_megabytes(self, props.memory)
        self._entry = function_entry(self, handler, runtime, architecture, timeout, memory, props)
        publishes = cold_starts.publishes_versions(props)
        of_function, of_alias = cold_starts.split_async(async_invocation(self, props), alias=publishes)
        self.variables = {
            **self._bound.variables,
            **cold_starts.variables(props, handler.language, handler.lambda_handler),
            **checked_environment(self, props.environment or {}),
        }
        own = {
            "code": self.registry.assets.code(self.path.partition("/")[0], self._entry),
            "runtime": cdk_runtime(self.registry, runtime),
            "timeout": aws_cdk.Duration.seconds(timeout),
            "memory_size": memory,
            **self._cdk_settings(props),
            **cold_starts.properties(props, handler.language, handler.lambda_handler),
            **of_function,
        }
        if architecture == "arm64":
            own["architecture"] = lambda_.Architecture.ARM_64
        self._function = lambda_.Function(self, "Function", **{**own, **self.cdk_props("function")})
        if publishes:
            self.cdk.alias = cold_starts.add_alias(self, props, self._function, of_alias)
        # What invokes the function and what may be granted on it, here and in every other construct.
        self.cdk.function = self.cdk.alias or self._function
        self.cdk.log_group = create_log_group(self, self._function, props.log_retention_days)
        self._create_url(props.url, handler.language)
        if props.warm:
            cold_starts.keep_warm(self, props.warm, self.cdk.function)
        for grant in grants:
            grant(self.cdk.function)
        self._permit(props.permissions)

    def _cdk_settings(self, props: FunctionProps) -> dict[str, Any]:
        """Return the CDK's properties for what needs nothing but a look at its value."""
        found: dict[str, Any] = {
            "ephemeral_storage_size": settings.disk_size(self, props.disk),
            "environment": self.variables or None,
            "layers": settings.layer_versions(self, props.layers) or None,
            "tracing": settings.tracing_mode(self, props.tracing),
            "reserved_concurrent_executions": settings.reserved_concurrency(self, props.reserved_concurrency),
            "description": props.description,
            **settings.network(self, props),
            **logging(self, props),
        }
        return {name: value for name, value in found.items() if value is not None}

    def _permit(self, permissions: Sequence[Permission] | str | None) -> None:
        for permission in permissions or []:
            grant_permission(permission, self.cdk.function, self.error)

    def _create_url(self, given: Any, language: str) -> None:
        self.cdk.url = add_url(self, given, self.cdk.function, language=language)
        if self.cdk.url is not None:
            self.triggers.append(Trigger(kind="url", label="function URL", resource=self.path))

    def function_entry(self) -> FunctionEntry | None:
        """Return what the manifest says about the function, without what only the finished assembly knows.

        None for a function that was imported: its code is not the project's.
        """
        if self._entry is None:
            return None
        return msgspec.structs.replace(
            self._entry, bindings=list(self._bound.ids), triggers=list(self.triggers)
        )

    def bind(self, resources: Sequence[BindItem]) -> None:
        """Give the function further resources.

        Args:
            resources: Constructs; `notes.read_only`, `(notes, "grant_read_data")` or `(notes, PolicyStatement(…))` narrows
                the permission.
        """
        known = self._bound.variables
        grants = self._bound.add_all(resources)
        for variable, text in self._bound.variables.items():
            if variable not in known:
                self._set(variable, text)
        for grant in grants:
            grant(self.cdk.function)

    def add_permissions(self, permissions: Sequence[Permission] | str) -> None:
        """Give the function further permissions.

        Args:
            permissions: As for `Function`.

        Example:
            >>> resize.add_permissions(["rekognition:DetectLabels", (photos, "grant_read")])
        """
        self._permit([permissions] if isinstance(permissions, str) else permissions)

    def add_environment(self, variables: Mapping[str, str]) -> None:
        """Give the function further environment variables.

        Args:
            variables: By name, over those that it has.

        Example:
            >>> resize.add_environment({"SITE": site.url})
        """
        for name, value in checked_environment(self, variables).items():
            self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        if not hasattr(self._function, "add_environment"):
            raise self.error(
                ImportedResource,
                f"Function `{self.id}` is imported, and cannot get the environment variable `{name}`",
                why="only whoever deploys a function sets its environment",
                fix="grant it a permission with `add_permissions`, and set the variable where the function is defined",
            )
        self.variables[name] = value
        self._function.add_environment(name, value)

    def allow_longer(self, *, timeout_seconds: float, memory_mb: int) -> None:
        """Have live sessions give the function more time and memory than Lambda would: it stands for a job."""
        assert self._entry is not None  # noqa: S101 - an imported function stands for no job
        self.timeout_seconds = timeout_seconds
        self._entry = msgspec.structs.replace(
            self._entry, timeout_seconds=timeout_seconds, memory_mb=memory_mb
        )

    def add_event_source(self, source: lambda_.IEventSource, *, label: str | None = None) -> None:
        """Have any event source of the CDK invoke the function.

        Args:
            source: One of `aws_lambda_event_sources`, or an `IEventSource` of your own.
            label: What people call it, in logs and the Console; the kind of source by default.

        Raises:
            InvalidEventSource: It is something else.

        Example:
            >>> resize.add_event_source(S3EventSourceV2(bucket, events=[EventType.OBJECT_CREATED]))
        """
        if not hasattr(type(source), "__jsii_type__") and not hasattr(type(source), "bind"):
            raise self.error(
                InvalidEventSource,
                f"{type_name(source)} is no event source for Function `{self.id}`",
                why="an event source is an object of `aws_cdk.aws_lambda_event_sources`",
                fix="wrap the resource: `SqsEventSource(queue)`, `SnsEventSource(topic)`, `DynamoEventSource(table, …)`",
            )
        self.cdk.function.add_event_source(source)
        kind = type(source).__name__.partition("EventSource")[0].lower() or "event"
        self.triggers.append(Trigger(kind=kind, label=label or f"{kind} events"))

    @property
    def name(self) -> str:
        """Physical name of the function, known to CloudFormation."""
        return str(self.cdk.function.function_name)

    @property
    def arn(self) -> str:
        """ARN of the function, known to CloudFormation."""
        return str(self.cdk.function.function_arn)

    @property
    def url(self) -> str:
        """URL of the function, with a slash at the end, known to CloudFormation.

        Raises:
            NoFunctionUrl: The function was not given one.
        """
        if self.cdk.url is None:
            raise self.error(
                NoFunctionUrl,
                f"Function `{self.id}` has no URL",
                why="it was given none",
                fix="add `url=True`",
            )
        return str(self.cdk.url.url)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The function's role, so that `table.grant_read_data(function)` works with any construct of the CDK."""
        principal: iam.IPrincipal = self.cdk.function.grant_principal
        return principal

    @property
    def grants(self) -> lambda_.IFunction:
        """The CDK's function, whose `grant_…` methods `permissions` can name."""
        function: lambda_.IFunction = self.cdk.function
        return function

    def binding(self) -> Binding:
        """Return the name, the ARN and the URL, and the permission to invoke the function."""
        values = {"function_name": self.name, "function_arn": self.arn}
        if self.cdk.url is not None:
            values["function_url"] = self.url
        return Binding(kind=self.kind, name=self.id, values=values, grant=self._grant_invoke)

    def _grant_invoke(self, grantee: iam.IGrantable) -> None:
        self.cdk.function.grant_invoke(grantee)
        if self.cdk.url is not None and self.cdk.url.auth_type == lambda_.FunctionUrlAuthType.AWS_IAM:
            self.cdk.url.grant_invoke_url(grantee)
