"""A function that runs while the stack is deployed: to seed a table, to register with another service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_iam as iam
import aws_cdk.aws_lambda as lambda_
from constructs import Construct

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps, function_props, merged
from sundog.constructs._provided import provided_function
from sundog.constructs._registry import listed
from sundog.constructs.function import Function
from sundog.errors import ConstructError
from sundog.model.manifest import SCRIPT_TRIGGER, Trigger

EVENTS = ("on_create", "on_update", "on_delete")
LONGEST_RUN_SECONDS = 840
"""The function that waits for a script's may itself run 15 minutes, and must have time to answer."""
_PROVIDER_SECONDS = 900
_PROVIDER_ID = "SundogScripts"


class InvalidScript(ConstructError):
    """A script has nothing to run, or a function that may run longer than a script can.

    CloudFormation waits for the answer of a Lambda function that waits for the script's function. Lambda ends functions
    after 15 minutes, so a script's function may take 14 minutes at most:
    https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    """

    code = "SD-SCRIPT-001"


class Script(SundogConstruct):
    """A function that runs while its stack is deployed.

    Its failure fails the deploy, at the line that declared the script, and CloudFormation rolls the stack back. It runs
    after everything that it is bound to exists; `script.node.add_dependency(…)` makes it wait for more. A handler
    is given `{"type": "create", "params": {…}}`, and on an update the `previous_params` too.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the scripts of the app.
        on_create: What runs when the script is first deployed: a handler, a `Function`, or settings.
        on_update: What runs when `version`, `params` or the code has changed.
        on_delete: What runs when the script is taken out of the stack, or the stack is removed.
        params: Handed to the functions; values of other resources are filled in.
        version: Run `on_update` whenever this text changes; by default when the code does.
        bind: Resources that the functions use.
        function_defaults: Settings for the functions that are handlers.
        cdk: `{"resource": {…}}` lays properties over the CDK's custom resource.

    Example:
        >>> Script(stack, "seed", on_create="functions/seed.run", params={"users": 10}, bind=[users])
    """

    kind = "Script"
    cdk_keys = ("resource",)

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        on_create: FunctionDefinition | None = None,
        on_update: FunctionDefinition | None = None,
        on_delete: FunctionDefinition | None = None,
        params: Mapping[str, Any] | None = None,
        version: str | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        given = dict(zip(EVENTS, (on_create, on_update, on_delete), strict=True))
        definitions = {event: given[event] for event in EVENTS if given[event] is not None}
        if not definitions:
            raise self.error(
                InvalidScript,
                f"Script `{id}` has nothing to run",
                why=f"it takes {listed(EVENTS)}",
                fix='add `on_create="functions/file.function"`',
            )
        self._made: dict[str, Function] = {}
        self.functions = {
            event: self._function(event, definition, function_defaults, bind or [])
            for event, definition in definitions.items()
        }
        self.cdk.resource = self._create(params or {}, version)
        self.registry.constructs.append(self)

    def _function(self, event: str, definition: Any, defaults: Any, bind: Sequence[Any]) -> Function:
        if isinstance(definition, str) and definition in self._made:
            function = self._made[definition]
        elif isinstance(definition, Function):
            function = function_of(self, event, definition, what=f"`{event}`", defaults=defaults, bind=bind)
        else:
            own = function_props(defaults or {}, self.registry.places.location(self.place))
            own = merged(FunctionProps(timeout=LONGEST_RUN_SECONDS), own)
            function = function_of(self, event, definition, what=f"`{event}`", defaults=own, bind=bind)
        if isinstance(definition, str):
            self._made[definition] = function
        seconds = function.timeout_seconds
        if seconds is not None and seconds > LONGEST_RUN_SECONDS:
            raise self.error(
                InvalidScript,
                f"the function for `{event}` of Script `{self.id}` may run {seconds:g} seconds",
                why=f"what waits for it can wait {LONGEST_RUN_SECONDS} seconds",
                fix=f"set its `timeout` to at most {LONGEST_RUN_SECONDS}",
            )
        function.triggers.append(
            Trigger(
                kind=SCRIPT_TRIGGER,
                label=f"script {self.id}",
                resource=self.path,
                detail={"event": event.removeprefix("on_")},
            )
        )
        return function

    def _create(self, params: Mapping[str, Any], version: str | None) -> aws_cdk.CustomResource:
        provider = _provider_of(self.stack, self.registry.removal_policy)
        properties: dict[str, Any] = {
            # As text: CloudFormation makes strings of numbers and booleans on their way to a custom resource.
            "params": self.stack.to_json_string(dict(params)),
            "version": self._code_version() if version is None else version,
            **{event: function.name for event, function in self.functions.items()},
        }
        own: dict[str, Any] = {
            "service_token": provider.function_arn,
            "resource_type": "Custom::SundogScript",
            "properties": properties,
            "service_timeout": aws_cdk.Duration.seconds(_PROVIDER_SECONDS),
        }
        resource = aws_cdk.CustomResource(self, "Resource", **{**own, **self.cdk_props("resource")})
        for function in dict.fromkeys(self.functions.values()):
            function.cdk.function.grant_invoke(provider)
            # Its role's policy too, which CloudFormation would else be free to make afterwards.
            resource.node.add_dependency(function)
        resource.node.add_dependency(provider)
        return resource

    def _code_version(self) -> str:
        if self.registry.mode == "dev":
            # Code is live there: it runs when its parameters change, and by `sundog invoke`.
            return "live"
        hashes = [
            entry.asset_hash
            for function in dict.fromkeys(self.functions.values())
            if (entry := function.function_entry()) is not None
        ]
        return " ".join(str(one)[:16] for one in hashes) or "imported"

    def primary_path(self) -> str:
        """Return the path of the custom resource."""
        return f"{self.path}/Resource/Default"

    def attributes(self) -> dict[str, Any]:
        """Return which function runs when."""
        return {event: function.path for event, function in self.functions.items()}


def _provider_of(stack: aws_cdk.Stack, removal_policy: aws_cdk.RemovalPolicy) -> lambda_.Function:
    """Return the function that runs the scripts of a stack and answers CloudFormation; made for the first of them."""
    provider, is_new = provided_function(
        stack,
        _PROVIDER_ID,
        "script",
        seconds=_PROVIDER_SECONDS,
        description="Runs the scripts of this stack",
        removal_policy=removal_policy,
    )
    if is_new:
        provider.add_to_role_policy(
            iam.PolicyStatement(actions=["cloudformation:DescribeStacks"], resources=[stack.stack_id])
        )
    return provider
