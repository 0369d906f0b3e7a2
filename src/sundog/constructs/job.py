"""A function that may run for hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import aws_cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
from constructs import Construct

from sundog.constructs import _job_project as project
from sundog.constructs._binding import Binding
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._job_manager import job_manager
from sundog.constructs._values import DURATION_FORMS, SIZE_FORMS, megabytes, seconds
from sundog.errors import ConstructError
from sundog.model.job import TIMEOUT_VARIABLE
from sundog.model.manifest import Trigger

if TYPE_CHECKING:
    import aws_cdk.aws_ec2 as ec2

DEFAULT_TIMEOUT = "8 hours"
# https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
SHORTEST_TIMEOUT_SECONDS, LONGEST_TIMEOUT_SECONDS = 5 * 60, 36 * 3600
LONGEST_ON_LAMBDA_SECONDS = 900
DEFAULT_MEMORY = "3 GB"
LARGEST_ON_LAMBDA_MB = 3008
"""What every account may have; Lambda gives some of them more."""


class InvalidJob(ConstructError):
    """A job's timeout or memory is not one that AWS CodeBuild, which runs it, has."""

    code = "SD-JOB-001"


class Job(SundogConstruct):
    """A function that may run for up to 36 hours.

    On AWS it runs in CodeBuild, in Lambda's own image of its runtime, with the code, the variables and the role that a function
    would have. In `sundog dev` it runs live, like any function, without Lambda's limit of 15 minutes. Whoever it is bound to
    starts it: `resources.encode.run({"video": 1})` returns an id, `resources.encode.cancel(id)` ends it.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the jobs of the app.
        handler: `path/to/file.function`, from the project root; it is given the payload and a context.
        runtime: A Lambda runtime such as `python3.13`.
        timeout: Seconds, or `"8 hours"`; 5 minutes to 36 hours.
        memory: Megabytes, or `"7 GB"`; the smallest CodeBuild machine that has as much is taken.
        architecture: `x86_64` or `arm64`.
        environment: Environment variables.
        bind: Resources that the job uses.
        permissions: Further permissions.
        vpc: The `aws_ec2.Vpc` that the job runs in.
        vpc_subnets: Which of its subnets.
        security_groups: The job's security groups.
        log_retention_days: How long CloudWatch keeps the log.
        build: Options of the language's builder.
        cdk: `{"project": {…}}` lays properties over the CDK's CodeBuild project, `{"function": {…}}` over its function,
            `{"manager": {…}}` over the function that starts and cancels it.

    Example:
        >>> encode = Job(stack, "encode", handler="functions/videos.encode", timeout="2 hours", bind=[videos])
        >>> Function(stack, "upload", handler="functions/videos.upload", bind=[encode])
    """

    kind = "Job"
    cdk_keys = ("project", "function", "manager")

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        handler: str,
        runtime: str | None = None,
        timeout: float | str | aws_cdk.Duration = DEFAULT_TIMEOUT,
        memory: int | str | aws_cdk.Size = DEFAULT_MEMORY,
        architecture: str | None = None,
        environment: Mapping[str, str] | None = None,
        bind: Sequence[Any] | None = None,
        permissions: Sequence[Any] | None = None,
        vpc: ec2.IVpc | None = None,
        vpc_subnets: Any | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] | None = None,
        log_retention_days: int | None = None,
        build: Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self.timeout_seconds = self._timeout(timeout)
        self.memory_mb = self._memory(memory, architecture)
        self.role = self._role(in_network=vpc is not None)
        props = FunctionProps(
            handler=handler,
            runtime=runtime,
            timeout=min(self.timeout_seconds, LONGEST_ON_LAMBDA_SECONDS),
            memory=min(self.memory_mb, LARGEST_ON_LAMBDA_MB),
            architecture=architecture,
            # A job that failed half way is not begun again by itself.
            retries=0,
            environment={**(environment or {}), TIMEOUT_VARIABLE: f"{self.timeout_seconds:g}"},
            bind=bind,
            permissions=permissions,
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            security_groups=security_groups,
            log_retention_days=log_retention_days,
            build=build,
            cdk={"function": {"role": self.role, **self.cdk_props("function")}},
        )
        self.function = function_of(self, "function", props, what="`handler`")
        self.function.allow_longer(timeout_seconds=self.timeout_seconds, memory_mb=self.memory_mb)
        self.function.triggers.append(Trigger(kind="job", label=f"job {id}", resource=self.path))
        self.cdk.function = self.function.cdk.function
        self.cdk.project = project.codebuild_project(self, vpc, vpc_subnets, security_groups)
        self.cdk.manager = job_manager(self)
        self.registry.constructs.append(self)

    def _role(self, *, in_network: bool) -> iam.Role:
        """Return the role that Lambda takes in development and CodeBuild on AWS, so that both may do the same."""
        services = [iam.ServicePrincipal(f"{name}.amazonaws.com") for name in ("lambda", "codebuild")]
        policy = "AWSLambdaVPCAccessExecutionRole" if in_network else "AWSLambdaBasicExecutionRole"
        return iam.Role(
            self,
            "Role",
            assumed_by=iam.CompositePrincipal(*services),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(f"service-role/{policy}")],
        )

    def _timeout(self, given: Any) -> float:
        value = seconds(given)
        if value is None or not SHORTEST_TIMEOUT_SECONDS <= value <= LONGEST_TIMEOUT_SECONDS:
            raise self.error(
                InvalidJob,
                f"Job `{self.id}`: `timeout` is `{given}`",
                why=f"CodeBuild allows 5 minutes to 36 hours, written as {DURATION_FORMS}",
                fix="use a `Function` for what is over in 15 minutes"
                if value is not None and value < SHORTEST_TIMEOUT_SECONDS
                else 'set `timeout` to at most `"36 hours"`',
            )
        return value

    def _memory(self, given: Any, architecture: str | None) -> int:
        value = megabytes(given)
        largest = project.largest_memory_mb(architecture or "x86_64")
        if value is None or not 1 <= value <= largest:
            raise self.error(
                InvalidJob,
                f"Job `{self.id}`: `memory` is `{given}`",
                why=f"CodeBuild's machines have up to {largest // 1024} GB, written as {SIZE_FORMS}",
                fix=f'set `memory` to at most `"{largest // 1024} GB"`',
            )
        return value

    @property
    def grants(self) -> lambda_.IFunction:
        """The function that starts and cancels the job; `grant_invoke` on it is the permission to do so."""
        manager: lambda_.IFunction = self.cdk.manager
        return manager

    def binding(self) -> Binding:
        """Return what starts and cancels the job, and the permission for both."""
        return Binding(
            kind=self.kind,
            name=self.id,
            values={"manager_name": str(self.cdk.manager.function_name)},
            grant=self.cdk.manager.grant_invoke,
        )

    def primary_path(self) -> str:
        """Return the path of the CodeBuild project's CloudFormation resource."""
        return f"{self.path}/Project/Resource"

    def attributes(self) -> dict[str, Any]:
        """Return the function that runs live, and how long it may."""
        return {
            "function": self.function.path,
            "timeout_seconds": self.timeout_seconds,
            "memory_mb": self.memory_mb,
        }
