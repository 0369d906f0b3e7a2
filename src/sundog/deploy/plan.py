"""What a deploy has to do, as data: which stacks are created, updated, made anew or left alone, and in which order.

Making the plan reads from the cloud and changes nothing in it. A stack is left alone when the template that
CloudFormation holds means the same as the new one; nothing is remembered on this machine that could be out of date.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from sundog.aws.cloudformation import StackOutput, StackState, deployed_template, describe_stack
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.assembly import StackTemplate, template_hash
from sundog.deploy.concurrency import for_all
from sundog.deploy.exports import exports_in_use
from sundog.errors import DeployError

Action: TypeAlias = Literal["create", "recreate", "update", "unchanged"]

NEVER_CREATED = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS"})
"""States of a stack whose creation did not succeed: CloudFormation only lets it be deleted."""


class StacksInCircle(DeployError):
    """Stacks depend on each other in a circle, so that none can be first."""

    code = "SD-DEPLOY-002"


class DeployedStack(msgspec.Struct, frozen=True, kw_only=True):
    """A stack in the cloud and the template that it was deployed from."""

    state: StackState
    template_hash: str


class StackPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to one stack."""

    template: StackTemplate
    template_hash: str
    action: Action
    deployed: StackState | None
    depends_on: tuple[str, ...]
    """Names of stacks of this plan that must be finished before."""
    kept_exports: tuple[StackOutput, ...] = ()
    """Exports that the new template lacks and other stacks still import (see `exports`)."""

    @property
    def name(self) -> str:
        """The name in CloudFormation."""
        return self.template.name

    @property
    def parameters(self) -> dict[str, str | None]:
        """Values to send: the CDK's, and for the others what the stack has, which None stands for."""
        kept = {} if self.deployed is None or self.action != "update" else self.deployed.parameters
        declared = self.template.content.get("Parameters", {})
        return {
            # A parameter with a default is not kept: it follows the template.
            **{name: None for name, spec in declared.items() if name in kept and "Default" not in spec},
            **{name: value for name, value in self.template.parameters.items() if name in declared},
        }


class DeployPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All stacks, those that others depend on first."""

    stacks: tuple[StackPlan, ...]

    @property
    def changed(self) -> tuple[StackPlan, ...]:
        """The stacks that something is done to."""
        return tuple(stack for stack in self.stacks if stack.action != "unchanged")


def in_dependency_order(stacks: list[StackTemplate]) -> list[StackTemplate]:
    """Sort stacks so that each comes after those that it depends on.

    Raises:
        StacksInCircle: There is no such order.
    """
    waiting = {stack.name: stack for stack in stacks}
    done: list[StackTemplate] = []
    while waiting:
        ready = [stack for stack in waiting.values() if not waiting.keys() & set(stack.entry.depends_on)]
        if not ready:
            names = ", ".join(f"`{name}`" for name in waiting)
            raise StacksInCircle(
                f"the stacks {names} depend on each other in a circle",
                fix="move what they share into a stack of its own",
            )
        for stack in ready:
            done.append(stack)
            del waiting[stack.name]
    return done


async def make_plan(
    connection: AwsConnection, stacks: list[StackTemplate], known: Mapping[str, DeployedStack]
) -> DeployPlan:
    """Compare stacks with what is deployed.

    Args:
        connection: The way to the stage.
        stacks: What should be there.
        known: What an earlier deploy of this process found, by name: saves reading templates again.
    """
    ordered = in_dependency_order(stacks)
    names = {stack.name for stack in ordered}

    async def plan(stack: StackTemplate) -> StackPlan:
        deployed = await describe_stack(connection, stack.name)
        digest = template_hash(stack.content)
        action = await _action(connection, stack, digest, deployed, known.get(stack.name))
        return StackPlan(
            template=stack,
            template_hash=digest,
            action=action,
            kept_exports=await exports_in_use(connection, stack, deployed if action == "update" else None),
            deployed=deployed,
            depends_on=tuple(name for name in stack.entry.depends_on if name in names),
        )

    return DeployPlan(stacks=tuple(await for_all(plan, ordered)))


async def _action(
    connection: AwsConnection,
    stack: StackTemplate,
    digest: str,
    deployed: StackState | None,
    known: DeployedStack | None,
) -> Action:
    if deployed is None:
        return "create"
    if deployed.status in NEVER_CREATED:
        return "recreate"
    if (
        deployed.in_progress
        or not deployed.status.endswith("_COMPLETE")
        or not _same_settings(stack, deployed)
    ):
        return "update"
    if known is not None and known.state == deployed:
        return "unchanged" if known.template_hash == digest else "update"
    template = await deployed_template(connection, stack.name)
    return "unchanged" if template is not None and template_hash(template) == digest else "update"


def _same_settings(stack: StackTemplate, deployed: StackState) -> bool:
    declared = stack.content.get("Parameters", {})
    return (
        stack.tags == deployed.tags
        and stack.termination_protected == deployed.termination_protected
        and all(
            deployed.parameters.get(name) == value
            for name, value in stack.parameters.items()
            if name in declared
        )
    )
