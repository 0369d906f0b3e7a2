"""Removing an app: its stacks in the reverse order of their dependencies, many at once."""

from __future__ import annotations

from uuid import uuid4

import anyio

from sundog.aws.cloudformation import (
    StackState,
    delete_stack,
    deployed_template,
    describe_stack,
    stack_resources,
)
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.aws.s3 import empty_bucket
from sundog.deploy.concurrency import raise_all
from sundog.deploy.failures import in_use, stack_failed
from sundog.deploy.follow import Course, follow, settled
from sundog.deploy.outputs import forget_outputs
from sundog.deploy.ownership import stack_of_another
from sundog.deploy.report import Report
from sundog.deploy.selection import select_stacks
from sundog.errors import Cancelled, DeployError, SundogError
from sundog.model.events import Observer
from sundog.model.manifest import Manifest, StackEntry
from sundog.model.project import Project, Stage


class StageProtected(DeployError):
    """The stage is marked `protected` in pyproject.toml, or a stack has termination protection.

    A protected stage is removed only when the person who asks confirms it by name.
    """

    code = "SD-DEPLOY-014"
    exit_code = 3


def refuse_protected(stage: Stage, *, confirmed: bool, command: str = "sundog remove") -> None:
    """Let nobody remove a protected stage, or what it needs, by mistake.

    Args:
        stage: The stage.
        confirmed: Whether a person agreed.
        command: What is refused, as it is typed.

    Raises:
        StageProtected: It is protected, and nobody agreed.
    """
    if stage.protected and not confirmed:
        raise StageProtected(
            f"the stage `{stage.name}` is protected",
            where=f"[tool.sundog.stages.{stage.name}] in pyproject.toml",
            fix=[
                f"if it is really to be removed, run `{command} --stage {stage.name} --unprotect`",
                "or set `protected = false` there",
            ],
        )


async def remove(
    project: Project,
    stage: Stage,
    manifest: Manifest,
    connection: AwsConnection,
    *,
    observer: Observer,
    only: set[str] | None = None,
    confirmed: bool = False,
) -> list[str]:
    """Remove an app's stacks, those that depend on others first, and return the names of those that were there.

    Args:
        project: Where outputs were written.
        stage: The copy of the app.
        manifest: Names the stacks.
        connection: The way to the stage's cloud.
        observer: Told what happens.
        only: Ids or names of stacks; what depends on them is removed with them.
        confirmed: Whether a person agreed to remove a protected stage.

    Raises:
        StageProtected: The stage or a stack must not be removed.
        SundogError: Something failed; `SeveralErrors` when more than one thing did.
    """
    refuse_protected(stage, confirmed=confirmed)
    report = Report(project, manifest, observer)
    selected = select_stacks(manifest, only, direction="dependents")
    report.started(stage.name, "remove", [entry.name for entry in selected])
    try:
        await connection.account_id()
        removed = await _Remover(connection, report).run(selected)
        forget_outputs(project.outputs_file(stage.name), [entry.id for entry in selected])
    except SundogError as error:
        report.finished(error)
        raise
    except anyio.get_cancelled_exc_class():
        report.notice("warning", "CloudFormation goes on to remove what it has started to remove")
        report.finished(Cancelled("the removal was interrupted"))
        raise
    report.finished()
    return removed


class _Remover:
    def __init__(self, connection: AwsConnection, report: Report) -> None:
        self._connection = connection
        self._report = report

    async def run(self, stacks: list[StackEntry]) -> list[str]:
        finished = {stack.name: anyio.Event() for stack in stacks}
        failed: set[str] = set()
        removed: list[str] = []
        errors: list[SundogError] = []

        async def one(stack: StackEntry) -> None:
            dependents = [other.name for other in stacks if stack.name in other.depends_on]
            for name in dependents:
                await finished[name].wait()
            began = self._report.elapsed_ms
            try:
                if failed & set(dependents):
                    failed.add(stack.name)
                    names = ", ".join(f"`{name}`" for name in sorted(failed & set(dependents)))
                    self._report.notice("warning", f"`{stack.name}` was not removed, because {names} remains")
                elif await self._remove(stack):
                    removed.append(stack.name)
                    self._report.stack_finished(stack.name, "removed", began)
            except SundogError as error:
                failed.add(stack.name)
                errors.append(error)
                self._report.stack_finished(stack.name, "failed", began)
            finally:
                finished[stack.name].set()

        async with anyio.create_task_group() as group:
            for stack in stacks:
                group.start_soon(one, stack)
        raise_all(errors)
        return removed

    async def _remove(self, stack: StackEntry) -> bool:
        state = await describe_stack(self._connection, stack.name)
        if state is None:
            return False
        foreign = stack_of_another(state, self._report)
        if foreign is not None:
            raise foreign
        # A stack that is stuck is removed all the same: that is the way out of being stuck.
        state, _ = await settled(self._connection, state, self._waits)
        if state is None:
            return True
        if state.termination_protected:
            raise StageProtected(
                f"the stack `{stack.name}` has termination protection",
                where=self._report.location(stack.name),
                fix="set `termination_protection=False` on the stack and deploy, then remove it",
            )
        await self._empty_buckets(stack)
        token = f"sundog-{uuid4()}"
        try:
            await delete_stack(self._connection, state.stack_id, token)
        except RequestRefused as error:
            raise in_use(self._report, stack.name, error.aws_message) or error from error
        course = await follow(
            self._connection, state.stack_id, token, lambda event: self._report.resource(stack.name, event)
        )
        if not course.succeeded:
            raise await stack_failed(self._connection, self._report, stack.name, "removed", course)
        self._tell_retained(stack, course)
        return True

    async def _empty_buckets(self, stack: StackEntry) -> None:
        """Empty the buckets that go with a stack: CloudFormation deletes empty ones only."""
        manifest = self._report.manifest
        owners = {entry.id for entry in manifest.resources if entry.attributes.get("emptied_on_removal")}
        ours = {
            entry.logical_id
            for entry in manifest.constructs
            if entry.stack == stack.name
            and entry.cloudformation_type == "AWS::S3::Bucket"
            and entry.path.removesuffix("/Bucket/Resource") in owners
        }
        if not ours:
            return
        template = await deployed_template(self._connection, stack.name) or {}
        # A bucket that stays, because the user has said so in the CDK's own words, keeps what is in it.
        going = {
            logical_id
            for logical_id, resource in template.get("Resources", {}).items()
            if logical_id in ours and resource.get("DeletionPolicy", "Delete") == "Delete"
        }
        for resource in await stack_resources(self._connection, stack.name):
            if resource.logical_id in going:
                await empty_bucket(self._connection, resource.physical_id)

    def _waits(self, state: StackState) -> None:
        self._report.notice("info", f"waiting for `{state.name}`, which is in the state {state.status}")

    def _tell_retained(self, stack: StackEntry, course: Course) -> None:
        for event in course.events:
            if event.status == "DELETE_SKIPPED":
                self._report.notice(
                    "info",
                    f"`{self._report.path(stack.name, event.logical_id)}` was kept: the {event.resource_type} "
                    f"`{event.physical_id}`",
                    fix="delete it by hand when its data is no longer needed",
                )
