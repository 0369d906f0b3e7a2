"""Carrying a plan out: every stack as soon as those that it depends on are finished, many at once.

Stacks are created and updated directly, not by change sets: one call instead of four, and the plan has already said what
changes. When a stack fails, those that are under way finish, those that depend on it are not started, and all failures
are reported together.

On Ctrl-C CloudFormation goes on by itself. An update is asked to roll back, which leaves the stack as it was; a creation
cannot be stopped, and is said to continue.
"""

from __future__ import annotations

from uuid import uuid4

import anyio
import msgspec

from sundog.aws import s3
from sundog.aws.cloudformation import (
    MAX_TEMPLATE_BODY_BYTES,
    StackRequest,
    StackState,
    cancel_update,
    continue_rollback,
    create_stack,
    delete_stack,
    describe_stack,
    importers,
    set_termination_protection,
    update_stack,
)
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.aws.roles import Roles
from sundog.deploy.assembly import StackTemplate
from sundog.deploy.concurrency import for_all, raise_all
from sundog.deploy.exports import exports_in_use, template_with
from sundog.deploy.failures import StackSkipped, StackStuck, TemplateRefused, Verb, in_use, stack_failed
from sundog.deploy.follow import follow, settled
from sundog.deploy.plan import NEVER_CREATED, DeployPlan, StackPlan
from sundog.deploy.report import Report, StackOutcome
from sundog.errors import BugError, SundogError

_GRACE_SECONDS = 5.0
"""How long Ctrl-C waits for CloudFormation to take note."""


def needs_upload(stack: StackTemplate) -> bool:
    """Say whether a template is too large to be sent in the request."""
    return len(stack.body) > MAX_TEMPLATE_BODY_BYTES


class StackApplier:
    """Applies the stacks of one plan."""

    def __init__(self, connection: AwsConnection, report: Report) -> None:
        self._connection = connection
        self._report = report
        self._roles = Roles(connection)
        self.touched: dict[str, frozenset[str]] = {}
        """Logical ids of the resources that an update worked on, by name of the stack; other resources are as they were."""

    async def apply(self, plan: DeployPlan) -> dict[str, StackState]:
        """Apply all stacks and return them as they then are, by name.

        Raises:
            SundogError: A stack failed.
            SeveralErrors: More than one did.
        """
        finished = {stack.name: anyio.Event() for stack in plan.stacks}
        states: dict[str, StackState] = {}
        errors: list[SundogError] = []

        async def run(stack: StackPlan) -> None:
            for name in stack.depends_on:
                await finished[name].wait()
            began = self._report.elapsed_ms
            try:
                failed = [name for name in stack.depends_on if name not in states]
                if failed:
                    self._skip(stack, failed)
                states[stack.name] = await self._stack(stack, began)
            except SundogError as error:
                self._report.stack_finished(stack.name, "failed", began)
                errors.append(error)
            finally:
                finished[stack.name].set()

        async with anyio.create_task_group() as group:
            for stack in plan.stacks:
                group.start_soon(run, stack)
        # What was skipped is a consequence; it is worth a line only beside the cause.
        raise_all([error for error in errors if not isinstance(error, StackSkipped)])
        await for_all(
            lambda stack: self._drop_exports(stack, states), [one for one in plan.stacks if one.kept_exports]
        )
        return states

    async def _drop_exports(self, stack: StackPlan, states: dict[str, StackState]) -> None:
        connection = await self._roles.acting_as(stack.template.deploy_role_arn)
        kept = await exports_in_use(connection, stack.template, states[stack.name])
        for output in kept:
            users = ", ".join(f"`{name}`" for name in await importers(connection, str(output.export_name)))
            self._report.notice(
                "warning",
                f"`{stack.name}` keeps exporting `{output.export_name}`, because {users} imports it",
                fix="deploy that stack without the reference, then this one again",
            )
        if kept != stack.kept_exports:
            again = msgspec.structs.replace(stack, kept_exports=kept)
            await self._update(connection, again, states[stack.name])
            states[stack.name] = await describe_stack(connection, stack.name) or states[stack.name]

    def _skip(self, stack: StackPlan, failed: list[str]) -> None:
        names = ", ".join(f"`{name}`" for name in failed)
        self._report.notice("warning", f"`{stack.name}` was not deployed, because {names} failed")
        raise StackSkipped(f"`{stack.name}` was not deployed, because {names} failed")

    async def _stack(self, stack: StackPlan, began: float) -> StackState:
        status: StackOutcome = "unchanged"
        if stack.action == "unchanged" and stack.deployed is not None:
            state = stack.deployed
        else:
            connection = await self._roles.acting_as(stack.template.deploy_role_arn)
            deployed = await self._ready(connection, stack, stack.deployed)
            if deployed is None:
                status = await self._create(connection, stack)
            else:
                status = await self._update(connection, stack, deployed)
            found = await describe_stack(connection, stack.name)
            if found is None:
                raise StackStuck(
                    f"the stack `{stack.name}` was removed by somebody else while it was deployed",
                    where=self._report.location(stack.name),
                    fix="run the command again",
                )
            state = found
        self._report.stack_finished(stack.name, status, began, state)
        return state

    async def _ready(
        self, connection: AwsConnection, stack: StackPlan, state: StackState | None
    ) -> StackState | None:
        """Bring a stack into a state from which it can be created or updated; None means that there is none."""
        if state is None:
            return None
        state, stalled = await settled(connection, state, self._waits)
        if state is None:
            return None
        if stalled:
            raise StackStuck(
                f"the stack `{stack.name}` is in the state {state.status}, and nothing happens to it",
                where=self._report.location(stack.name),
                why="a deploy of it was interrupted, or another one runs somewhere else",
                fix=[
                    "wait for the other deploy to end",
                    f"or remove the stack: `sundog remove {stack.name}`",
                ],
            )
        if state.status in NEVER_CREATED:
            await self._delete(connection, stack, state)
            return None
        if state.status == "UPDATE_ROLLBACK_FAILED":
            return await self._finish_rollback(connection, stack, state)
        if state.status == "DELETE_FAILED":
            raise StackStuck(
                f"the stack `{stack.name}` is half removed (DELETE_FAILED)",
                where=self._report.location(stack.name),
                why=state.status_reason,
                fix=f"remove the rest first: `sundog remove {stack.name}`",
            )
        return state

    def _waits(self, state: StackState) -> None:
        self._report.notice("info", f"waiting for `{state.name}`, which is in the state {state.status}")

    async def _delete(self, connection: AwsConnection, stack: StackPlan, state: StackState) -> None:
        self._report.notice("info", f"removing `{stack.name}`, whose creation had failed, to create it anew")
        token = _token()
        await delete_stack(connection, state.stack_id, token, self._role(stack))
        course = await follow(
            connection, state.stack_id, token, lambda event: self._report.resource(stack.name, event)
        )
        if not course.succeeded:
            raise await stack_failed(connection, self._report, stack.name, "removed", course)

    async def _finish_rollback(
        self, connection: AwsConnection, stack: StackPlan, state: StackState
    ) -> StackState | None:
        self._report.notice(
            "info", f"rolling `{stack.name}` back again, because its last rollback had failed"
        )
        token = _token()
        await continue_rollback(connection, stack.name, token, self._role(stack))
        course = await follow(
            connection, state.stack_id, token, lambda event: self._report.resource(stack.name, event)
        )
        if course.status != "UPDATE_ROLLBACK_COMPLETE":
            failed = course.failures[0] if course.failures else None
            logical_id = failed.logical_id if failed else "<logical id>"
            skip = (
                f"aws cloudformation continue-update-rollback --stack-name {stack.name} "
                f"--resources-to-skip {logical_id}"
            )
            raise StackStuck(
                f"the stack `{stack.name}` could not be rolled back (UPDATE_ROLLBACK_FAILED)",
                where=self._report.location(stack.name, failed.logical_id if failed else None),
                why=failed.reason if failed else state.status_reason,
                fix=[
                    "mend the resource by hand and run the command again",
                    f"or leave it out: `{skip}`",
                ],
            )
        return await describe_stack(connection, stack.name)

    async def _create(self, connection: AwsConnection, stack: StackPlan) -> StackOutcome:
        request = await self._request(stack, kept={})
        try:
            stack_id = await create_stack(connection, request)
        except RequestRefused as error:
            raise self._refused(stack, error) from error
        await self._follow(connection, stack, stack_id, request.token, "created")
        return "created"

    async def _update(
        self, connection: AwsConnection, stack: StackPlan, deployed: StackState
    ) -> StackOutcome:
        if stack.template.termination_protected != deployed.termination_protected:
            await set_termination_protection(
                connection, stack.name, enabled=stack.template.termination_protected
            )
        request = await self._request(stack, kept=deployed.parameters)
        try:
            if not await update_stack(connection, request):
                return "unchanged"
        except RequestRefused as error:
            raise self._refused(stack, error) from error
        await self._follow(connection, stack, deployed.stack_id, request.token, "updated")
        return "updated"

    async def _follow(
        self, connection: AwsConnection, stack: StackPlan, stack_id: str, token: str, verb: Verb
    ) -> None:
        try:
            course = await follow(
                connection, stack_id, token, lambda event: self._report.resource(stack.name, event)
            )
        except anyio.get_cancelled_exc_class():
            with anyio.move_on_after(_GRACE_SECONDS, shield=True):
                await self._interrupt(connection, stack, updating=verb == "updated")
            raise
        if not course.succeeded:
            raise await stack_failed(connection, self._report, stack.name, verb, course)
        if verb == "updated":
            seen = {event.logical_id for event in course.events}
            self.touched[stack.name] = self.touched.get(stack.name, frozenset()) | seen

    async def _interrupt(self, connection: AwsConnection, stack: StackPlan, *, updating: bool) -> None:
        if not updating:
            self._report.notice(
                "warning",
                f"`{stack.name}` is still being created; CloudFormation goes on by itself",
                fix="run the command again to wait for it, or `sundog remove` afterwards",
            )
            return
        try:
            await cancel_update(connection, stack.name)
        except RequestRefused:
            # It reached the point of no return, or its end, in the meantime.
            self._report.notice(
                "warning", f"the update of `{stack.name}` cannot be stopped any more and goes on"
            )
        else:
            self._report.notice(
                "warning", f"the update of `{stack.name}` is being rolled back by CloudFormation"
            )

    async def _request(self, stack: StackPlan, kept: dict[str, str]) -> StackRequest:
        template = stack.template
        content = template_with(template, stack.kept_exports) if stack.kept_exports else template.body
        body: str | None = content.decode()
        url = None
        if len(content) > MAX_TEMPLATE_BODY_BYTES:
            asset = template.template_asset
            if asset is None:
                raise BugError(f"the template of `{stack.name}` has {len(content):,} bytes and is no asset")
            key = asset.key
            if stack.kept_exports:
                key = f"with-exports-{asset.key}"
                acting = await self._roles.acting_as(asset.role_arn)
                await s3.put_bytes(acting, asset.bucket, key, content, "application/json")
            body, url = None, s3.object_url(self._connection, asset.bucket, key)
        return StackRequest(
            name=stack.name,
            token=_token(),
            template_body=body,
            template_url=url,
            parameters={
                name: value for name, value in stack.parameters.items() if value is not None or name in kept
            },
            tags=template.tags,
            role_arn=self._role(stack),
            termination_protected=template.termination_protected,
        )

    def _role(self, stack: StackPlan) -> str | None:
        return stack.template.execution_role_arn if self._connection.uses_bootstrap else None

    def _refused(self, stack: StackPlan, error: RequestRefused) -> SundogError:
        return in_use(self._report, stack.name, error.aws_message) or TemplateRefused(
            f"CloudFormation refused the stack `{stack.name}`",
            where=self._report.location(stack.name),
            why=error.aws_message,
            fix="correct the construct that the cause names",
        )


def _token() -> str:
    """Return a ClientRequestToken: it must begin with a letter or digit."""
    return f"sundog-{uuid4()}"
