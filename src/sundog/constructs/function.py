"""A Lambda function, and what every construct makes of the handler that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_logs as logs
import jsii
import msgspec
from constructs import Construct

from sundog.constructs._binding import Bindable, Binding
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps, merged
from sundog.constructs._handlers import Handler, resolve_handler
from sundog.constructs._permissions import (
    BindingClash,
    NotBindable,
    Permission,
    grant_named,
    grant_permission,
)
from sundog.constructs._registry import listed, path_of, type_name
from sundog.constructs._runtimes import ARCHITECTURES, RUNTIMES, cdk_runtime, default_runtime, language_of
from sundog.constructs._values import DURATION_FORMS, SIZE_FORMS, is_token, megabytes, seconds
from sundog.errors import ConstructError, suggestion
from sundog.model.manifest import FunctionEntry, Trigger

DEFAULTS = FunctionProps(timeout=10, memory=1024, architecture="x86_64")
LONGEST_TIMEOUT_SECONDS = 900
SMALLEST_MEMORY_MB, LARGEST_MEMORY_MB = 128, 10240


class InvalidFunctionSetting(ConstructError):
    """A function's timeout, memory, runtime or architecture is not one that Lambda has."""

    code = "SD-CONSTRUCT-021"


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
        architecture: `x86_64` or `arm64`.
        environment: Environment variables.
        bind: Resources that the function uses.
        permissions: Further permissions.
        description: Shown in the AWS console.
        log_retention_days: How long CloudWatch keeps the log.
        build: Options of the language's builder.
        cdk: `{"function": {…}}` lays properties over the CDK's function; `{"function": existing}` uses one as it is.

    Example:
        >>> resize = Function(stack, "resize", handler="functions/images.resize", timeout="1 minute", bind=[notes])
        >>> resize.cdk.function.add_alias("live")
    """

    kind = "Function"
    cdk_keys = ("function", "log_group")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        handler: str | None = None,
        runtime: str | None = None,
        timeout: float | str | aws_cdk.Duration | None = None,
        memory: int | str | aws_cdk.Size | None = None,
        architecture: str | None = None,
        environment: Mapping[str, str] | None = None,
        bind: Sequence[Bindable | tuple[Bindable, str]] | None = None,
        permissions: Sequence[Permission] | None = None,
        description: str | None = None,
        log_retention_days: int | None = None,
        build: Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        own = FunctionProps(
            handler=handler,
            runtime=runtime,
            timeout=timeout,
            memory=memory,
            architecture=architecture,
            environment=environment,
            bind=bind,
            permissions=permissions,
            description=description,
            log_retention_days=log_retention_days,
            build=build,
            cdk=cdk,
        )
        super().__init__(scope, id, cdk=cdk)
        self._define(own)

    def _define(self, own: FunctionProps) -> None:
        self.triggers: list[Trigger] = []
        self._bound: dict[str, Binding] = {}
        self._bound_ids: list[str] = []
        self._granted: set[tuple[str, str]] = set()
        self._entry: FunctionEntry | None = None
        configured = {
            name: getattr(own, name)
            for name in ("handler", "runtime", "timeout", "memory", "architecture", "environment")
        }
        existing = self.cdk_import("function", configured)
        if existing is not None:
            self.cdk.function = existing
            self.timeout_seconds: float | None = None
            self.bind(own.bind or [])
        else:
            self._create(self._with_defaults(own))
        self.registry.constructs.append(self)

    def _with_defaults(self, own: FunctionProps) -> FunctionProps:
        props = DEFAULTS
        stack_path = self.path.partition("/")[0]
        for path in ("", stack_path):
            defaults = self.registry.function_defaults.get(path)
            if defaults is not None:
                props = merged(props, defaults)
        self.registry.paths_with_functions.add(stack_path)
        return merged(props, own)

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
        timeout, memory = self._timeout(props.timeout), self._memory(props.memory)
        runtime = self._runtime(props.runtime, handler)
        architecture = self._architecture(props.architecture)
        grants = [self._add_binding(item) for item in props.bind or []]
        environment = {binding.variable: binding.text for binding in self._bound.values()}
        self.timeout_seconds = None if is_token(timeout) else timeout
        entry = self._base_entry(handler, runtime, architecture, timeout, memory, props.build or {})
        self._entry = msgspec.structs.replace(entry, runtime_is_default=props.runtime is None)
        own_props = {
            "code": self.registry.assets.code(self.path.partition("/")[0], self._entry),
            "handler": handler.lambda_handler,
            "runtime": cdk_runtime(self.registry, runtime),
            "timeout": props.timeout
            if isinstance(props.timeout, aws_cdk.Duration)
            else aws_cdk.Duration.seconds(timeout),
            "memory_size": memory,
            "environment": {**environment, **(props.environment or {})} or None,
            "description": props.description,
        }
        if architecture == "arm64":
            own_props["architecture"] = lambda_.Architecture.ARM_64
        over = (props.cdk or {}).get("function", {})
        self.cdk.function = lambda_.Function(self, "Function", **{**own_props, **over})
        self._create_log_group(props.log_retention_days)
        for grant in grants:
            grant(self.cdk.function)
        for permission in props.permissions or []:
            grant_permission(permission, self.cdk.function, self.error)

    def _create_log_group(self, retention_days: int | None) -> None:
        # Lambda would make the group itself at the first invocation, and leave it behind when the stack goes.
        group = logs.CfnLogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{self.cdk.function.function_name}",
            retention_in_days=retention_days,
            **self.cdk_props("log_group"),
        )
        if self.registry.removal_policy == aws_cdk.RemovalPolicy.RETAIN:
            # Deleting is what CloudFormation does unasked.
            group.apply_removal_policy(aws_cdk.RemovalPolicy.RETAIN)
        self.cdk.log_group = group

    def _base_entry(
        self,
        handler: Handler,
        runtime: str,
        architecture: str,
        timeout: float,
        memory: int,
        build: Mapping[str, Any],
    ) -> FunctionEntry:
        project = self.registry.project
        return FunctionEntry(
            id=self.path,
            name=self.path,
            stack="",
            logical_id="",
            handler=handler.text,
            runtime=runtime,
            language=handler.language,
            source=handler.source.relative_to(project.root).as_posix(),
            file=handler.file.relative_to(project.root).as_posix(),
            function=handler.function,
            timeout_seconds=timeout,
            memory_mb=memory,
            architecture=architecture,
            place=self.place,
            asset_hash=self.registry.assets.input_hash(
                handler, runtime, architecture, build, self.registry.places.location(self.place)
            ),
            build=dict(build),
        )

    def function_entry(self) -> FunctionEntry | None:
        """Return what the manifest says about the function, without what only the finished assembly knows.

        None for a function that was imported: its code is not the project's.
        """
        if self._entry is None:
            return None
        return msgspec.structs.replace(
            self._entry, bindings=list(self._bound_ids), triggers=list(self.triggers)
        )

    def bind(self, resources: Sequence[Bindable | tuple[Bindable, str]]) -> None:
        """Give the function further resources.

        Args:
            resources: Constructs, or `(construct, "grant_read_data")` to narrow the permission to one grant.
        """
        for item in resources:
            known = set(self._bound)
            grant = self._add_binding(item)
            for variable in self._bound.keys() - known:
                self.cdk.function.add_environment(variable, self._bound[variable].text)
            grant(self.cdk.function)

    def _add_binding(self, item: Any) -> Callable[[iam.IGrantable], object]:
        """Take a resource among the bound ones and return what grants its use."""
        resource, grant_name = item if isinstance(item, tuple) and len(item) == 2 else (item, "")
        if not isinstance(resource, Bindable) or not isinstance(grant_name, str):
            raise self.error(
                NotBindable,
                f"{type_name(resource)} cannot be bound to Function `{self.id}`",
                why="`bind` takes tables, queues, APIs and functions of sundog",
                fix=_how_to_bind(resource),
            )
        binding = resource.binding()
        path = path_of(resource)  # type: ignore[arg-type]
        other = self._bound.get(binding.variable)
        if other is not None and path not in self._bound_ids:
            raise self.error(
                BindingClash,
                f"{other.kind} `{other.name}` and {binding.kind} `{binding.name}` cannot both be bound to one function",
                why=f"both would be `resources.{binding.name.replace('-', '_')}` in its code",
                fix=f"give {binding.kind} `{binding.name}` another id",
            )
        if other is None:
            self._bound[binding.variable] = binding
            self._bound_ids.append(path)
        if not self._granted.isdisjoint({(binding.variable, ""), (binding.variable, grant_name)}):
            return _nothing
        self._granted.add((binding.variable, grant_name))
        if not grant_name:
            return binding.grant
        return lambda grantee: grant_named(resource, grant_name, grantee, self.error)

    def _timeout(self, given: Any) -> float:
        value = given if is_token(given) else seconds(given)
        if value is None or (not is_token(value) and not 1 <= value <= LONGEST_TIMEOUT_SECONDS):
            raise self.error(
                InvalidFunctionSetting,
                f"Function `{self.id}`: `timeout` is `{given}`",
                why=f"Lambda allows 1 to {LONGEST_TIMEOUT_SECONDS} seconds, written as {DURATION_FORMS}",
                fix=f"set `timeout` to at most {LONGEST_TIMEOUT_SECONDS}",
            )
        return float(value)

    def _memory(self, given: Any) -> int:
        value = given if is_token(given) else megabytes(given)
        if value is None or (not is_token(value) and not SMALLEST_MEMORY_MB <= value <= LARGEST_MEMORY_MB):
            raise self.error(
                InvalidFunctionSetting,
                f"Function `{self.id}`: `memory` is `{given}`",
                why=f"Lambda allows {SMALLEST_MEMORY_MB} to {LARGEST_MEMORY_MB} MB, written as {SIZE_FORMS}",
                fix=f"set `memory` between {SMALLEST_MEMORY_MB} and {LARGEST_MEMORY_MB}",
            )
        return int(value)

    def _runtime(self, given: str | None, handler: Handler) -> str:
        if given is None:
            return default_runtime(handler.language, handler.source)
        fitting = [name for name in RUNTIMES if language_of(name) == handler.language]
        if given not in fitting:
            close = suggestion(given, fitting) or fitting[-1]
            raise self.error(
                InvalidFunctionSetting,
                f"Function `{self.id}`: `{given}` cannot run `{handler.file.name}`",
                why=f"the runtimes for it are {listed(fitting)}",
                fix=f'write `runtime="{close}"`, or leave it out',
            )
        return given

    def _architecture(self, given: str | None) -> str:
        if given not in ARCHITECTURES:
            close = suggestion(str(given), ARCHITECTURES) or ARCHITECTURES[0]
            raise self.error(
                InvalidFunctionSetting,
                f"Function `{self.id}`: `{given}` is not an architecture of Lambda",
                why=f"the architectures are {listed(ARCHITECTURES)}",
                fix=f'write `architecture="{close}"`',
            )
        return given

    @property
    def name(self) -> str:
        """Physical name of the function, known to CloudFormation."""
        return str(self.cdk.function.function_name)

    @property
    def arn(self) -> str:
        """ARN of the function, known to CloudFormation."""
        return str(self.cdk.function.function_arn)

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
        """Return the name, the ARN, and the permission to invoke the function."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={"function_name": self.name, "function_arn": self.arn},
            grant=self.cdk.function.grant_invoke,
        )


def _nothing(grantee: iam.IGrantable) -> None:
    """Grant nothing: the permission was given before."""
    del grantee


def _how_to_bind(resource: object) -> str:
    if isinstance(resource, str):
        return "write the variable that holds the construct, without quotes"
    kind = {"Table": "table", "Queue": "queue", "HttpApi": "http_api", "Function": "function"}.get(
        type(resource).__name__
    )
    if kind is None:
        return "grant it with `permissions`, and pass its name in `environment`"
    name = "Api" if kind == "http_api" else type(resource).__name__
    return f'wrap it: `{name}(stack, "id", cdk={{"{kind}": existing}})`'
