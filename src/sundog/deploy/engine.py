"""Deploying an app: the stages and what passes between them.

1. **read** (`assembly`): the cloud assembly becomes templates and assets. No calls.
2. **plan** (`plan`): each template is compared with what is deployed. Calls that only read.
3. **check** (`precheck`): what is known to fail is refused, all of it at once. No calls.
4. **publish** (`bootstrap`, `assets`): buckets and assets of the stacks that change.
5. **apply** (`apply`): stacks in parallel, in the order of their dependencies, events followed to the end.
6. **collect** (`outputs`, `functions`): what the stacks gave.
7. **migrate** (`migrations`): databases get the migrations that they do not have.
8. **upload** (`uploads`): the files of sites and buckets, built with what the stacks gave.

Nothing is remembered between two runs: what is deployed is asked, so it is never wrong. Within one process the result of
the last deploy can be handed in as `previous`, which saves asking again about stacks that have not changed.

The known downside: a stack that was taken out of the app stays deployed until somebody removes it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from sundog.aws.cloudformation import StackState, describe_stack
from sundog.aws.embedded.interface import Capabilities
from sundog.aws.endpoint import AwsConnection
from sundog.bundle.build import build
from sundog.bundle.request import BundleRequest
from sundog.deploy.apply import StackApplier, needs_upload
from sundog.deploy.assembly import FileAsset, Place, StackTemplate, read_stacks
from sundog.deploy.assets import Builder, publish
from sundog.deploy.bootstrap import ensure_bootstrap
from sundog.deploy.concurrency import raise_all
from sundog.deploy.functions import deployed_functions
from sundog.deploy.migrations.run import migrate_all
from sundog.deploy.outputs import user_outputs, write_outputs
from sundog.deploy.plan import DeployedStack, DeployPlan, make_plan
from sundog.deploy.precheck import problems
from sundog.deploy.remove import remove
from sundog.deploy.report import Report
from sundog.deploy.selection import UnknownStack, select_stacks
from sundog.deploy.uploads.transfer import Uploader
from sundog.errors import Cancelled, SundogError
from sundog.model.events import Observer
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import Manifest
from sundog.model.project import Project, Stage
from sundog.model.threads import in_thread

__all__ = ["DeployResult", "UnknownStack", "deploy", "remove"]


class DeployResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is deployed now."""

    outputs: dict[str, dict[str, str]]
    """By stack id, as the user named them."""
    functions: list[DeployedFunction]
    stacks: dict[str, DeployedStack]
    """By name in CloudFormation."""
    changed: tuple[str, ...]
    """Names of the stacks that this deploy changed."""
    published: frozenset[tuple[str, str]] = frozenset()
    """Bucket and key of the assets that are known to be there."""


async def deploy(
    project: Project,
    stage: Stage,
    assembly: Path,
    manifest: Manifest,
    connection: AwsConnection,
    *,
    observer: Observer,
    capabilities: Capabilities | None = None,
    rewrite_url: Callable[[str], str] | None = None,
    only: set[str] | None = None,
    previous: DeployResult | None = None,
    served: Collection[str] = (),
) -> DeployResult:
    """Deploy an app's stacks, those that changed.

    Args:
        project: Where outputs are written and sources are quoted from.
        stage: The copy of the app.
        assembly: The cloud assembly that synth left.
        manifest: Its manifest.
        connection: The way to the stage's cloud.
        observer: Told what happens.
        capabilities: What the cloud can deploy; None means everything.
        rewrite_url: Makes an address that answers from one that only would in AWS.
        only: Ids or names of stacks; what they depend on is deployed with them.
        previous: The result of the last deploy with this connection.
        served: Ids of uploads that are not made, because a live session serves the files itself.

    Raises:
        UnknownStack: `only` has a name that no stack has.
        SundogError: Something failed; `SeveralErrors` when more than one thing did.
    """
    report = Report(project, manifest, observer, rewrite_url=rewrite_url)
    selected = select_stacks(manifest, only, direction="dependencies")
    report.started(stage.name, "deploy", [entry.name for entry in selected])
    try:
        place = Place(
            account=await connection.account_id(),
            region=connection.region,
            partition=await connection.partition(),
        )
        wanted = {entry.name for entry in selected}
        declared = [stack for stack in read_stacks(assembly, manifest, place) if stack.name in wanted]
        stacks = [stack for stack in declared if stack.resources]
        await _tell_emptied(connection, report, [stack for stack in declared if not stack.resources])
        plan = await make_plan(connection, stacks, previous.stacks if previous else {})
        raise_all(problems(plan, report, capabilities))
        present = previous.published if previous else frozenset()
        await _prepare(connection, plan, present, _builder(project, manifest, connection))
        applier = StackApplier(connection, report)
        states = await applier.apply(plan)
        known = _known_functions(manifest, plan, applier, previous)
        result = await _collect(connection, manifest, plan, states, rewrite_url, known, previous)
        write_outputs(project.outputs_file(stage.name), result.outputs, manifest)
        await migrate_all(connection, report, project.root, manifest, states)
        uploader = Uploader(connection, report, project.root, rewrite_url)
        uploads = [entry for entry in manifest.uploads if entry.id not in served]
        await uploader.upload_all(uploads, states)
    except SundogError as error:
        report.finished(error)
        raise
    except anyio.get_cancelled_exc_class():
        report.finished(Cancelled("the deploy was interrupted"))
        raise
    report.finished()
    return result


async def _tell_emptied(connection: AwsConnection, report: Report, empty: list[StackTemplate]) -> None:
    """Say which stacks stay as they are, because CloudFormation takes no template without resources.

    One that was never deployed, such as a stack of secrets alone, is none the worse for it.
    """
    for stack in empty:
        if await describe_stack(connection, stack.name) is not None:
            report.notice(
                "warning",
                f"`{stack.name}` has no resources any more, and stays as it was deployed: CloudFormation empties no stack",
                fix=f"delete it: `aws cloudformation delete-stack --stack-name {stack.name}`",
            )


async def _prepare(
    connection: AwsConnection, plan: DeployPlan, present: frozenset[tuple[str, str]], builder: Builder | None
) -> None:
    stacks = [stack.template for stack in plan.changed]
    if not stacks:
        return
    # An update proves that the bootstrap is there; its version matters only where others keep it.
    new = [stack.template for stack in plan.changed if stack.action != "update"]
    await ensure_bootstrap(connection, stacks if connection.uses_bootstrap else new)
    missing = [asset for asset in _assets(stacks) if (asset.bucket, asset.key) not in present]
    await publish(connection, missing, builder)


def _assets(stacks: Iterable[StackTemplate]) -> list[FileAsset]:
    found: list[FileAsset] = []
    for stack in stacks:
        found += stack.assets
        if needs_upload(stack) and stack.template_asset is not None:
            found.append(stack.template_asset)
    return found


def _builder(project: Project, manifest: Manifest, connection: AwsConnection) -> Builder | None:
    if not connection.runs_code:
        return None
    entries = {entry.asset_hash: entry for entry in manifest.functions}
    limit = anyio.CapacityLimiter(2)

    async def build_one(asset: FileAsset) -> Path | None:
        entry = entries.get(asset.asset_id)
        if entry is None:
            return None
        output = project.stage_dir(connection.stage.name) / "bundles" / asset.asset_id
        request = BundleRequest(project_root=project.root, entry=entry, output_dir=output)
        async with limit:
            return await in_thread(build, request)

    return build_one


async def _collect(
    connection: AwsConnection,
    manifest: Manifest,
    plan: DeployPlan,
    states: dict[str, StackState],
    rewrite_url: Callable[[str], str] | None,
    known: dict[str, DeployedFunction],
    previous: DeployResult | None,
) -> DeployResult:
    stacks = {
        # Where exports were kept, what is deployed may differ from what was synthesized: ask again next time.
        stack.name: DeployedStack(
            state=states[stack.name], template_hash="" if stack.kept_exports else stack.template_hash
        )
        for stack in plan.stacks
    }
    return DeployResult(
        outputs=user_outputs(manifest, states, rewrite_url),
        functions=[
            _with_reachable_addresses(function, rewrite_url)
            for function in await deployed_functions(connection, manifest, states, known)
        ],
        stacks=stacks,
        changed=tuple(stack.name for stack in plan.changed),
        published=frozenset(
            (asset.bucket, asset.key) for asset in _assets(stack.template for stack in plan.changed)
        )
        | (previous.published if previous else frozenset()),
    )


def _known_functions(
    manifest: Manifest, plan: DeployPlan, applier: StackApplier, previous: DeployResult | None
) -> dict[str, DeployedFunction]:
    """Return the functions, by id, on which this deploy has not worked: they are as they were read after the last one."""
    if previous is None:
        return {}
    touched_in: dict[str, frozenset[str]] = {}
    for stack in plan.stacks:
        before = previous.stacks.get(stack.name)
        touched = frozenset() if stack.action == "unchanged" else applier.touched.get(stack.name)
        # Unless somebody else has deployed in between.
        if touched is not None and before is not None and before.state == stack.deployed:
            touched_in[stack.name] = touched
    declared = {(entry.id, entry.stack, entry.logical_id) for entry in manifest.functions}
    return {
        entry.id: function
        for function in previous.functions
        if (entry := function.entry).stack in touched_in
        and entry.logical_id not in touched_in[entry.stack]
        and (entry.id, entry.stack, entry.logical_id) in declared
    }


def _with_reachable_addresses(
    function: DeployedFunction, rewrite_url: Callable[[str], str] | None
) -> DeployedFunction:
    """Have a function that runs here find addresses that answer here in its environment."""
    if rewrite_url is None:
        return function
    environment = {name: rewrite_url(value) for name, value in function.environment.items()}
    return msgspec.structs.replace(function, environment=environment)
