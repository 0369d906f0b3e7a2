"""The functions of the manifest joined with what CloudFormation and Lambda made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from sundog.aws.cloudformation import StackResource, stack_resources
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.aws.lambda_ import function_configuration
from sundog.deploy.concurrency import for_all
from sundog.errors import DeployError
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry, Manifest


async def deployed_functions(
    connection: AwsConnection,
    manifest: Manifest,
    stacks: Iterable[str],
    known: Mapping[str, DeployedFunction],
) -> list[DeployedFunction]:
    """Return the functions of stacks, in the order of the manifest.

    A function whose resource has a condition that does not hold is not deployed, and left out.

    Args:
        connection: The way to the stage.
        manifest: What the app declared.
        stacks: Names of the stacks that are deployed.
        known: Functions, by id, of stacks that have not changed since they were read.
    """
    there = set(stacks)
    entries = [entry for entry in manifest.functions if entry.stack in there]
    asked = {entry.stack for entry in entries if entry.id not in known}
    physical: dict[tuple[str, str], str] = {}

    async def names(stack: str) -> None:
        for resource in await stack_resources(connection, stack):
            physical[stack, resource.logical_id] = resource.physical_id

    async def join(entry: FunctionEntry) -> DeployedFunction | None:
        if entry.id in known:
            # The entry may differ though the stack does not: its place in the source, for one.
            return msgspec.structs.replace(known[entry.id], entry=entry)
        name = physical.get((entry.stack, entry.logical_id))
        if name is None:
            return None
        return await _joined(connection, entry, name)

    await for_all(names, sorted(asked))
    return [function for function in await for_all(join, entries) if function is not None]


async def function_named(
    connection: AwsConnection, manifest: Manifest, physical: str
) -> DeployedFunction | None:
    """Return the function of the app that has a physical name, also while its stack is being deployed; None if none has."""
    for stack in sorted({entry.stack for entry in manifest.functions}):
        for resource in await _resources(connection, stack):
            if resource.physical_id != physical:
                continue
            for entry in manifest.functions:
                if (entry.stack, entry.logical_id) == (stack, resource.logical_id):
                    return await _joined(connection, entry, physical)
    return None


async def _joined(connection: AwsConnection, entry: FunctionEntry, name: str) -> DeployedFunction:
    found = await function_configuration(connection, name)
    return DeployedFunction(
        entry=entry,
        physical_name=found.name,
        arn=found.arn,
        role_arn=found.role_arn,
        environment=found.environment,
        log_group=found.log_group,
        log_format=found.log_format,
        log_level=found.log_level,
    )


async def _resources(connection: AwsConnection, stack: str) -> list[StackResource]:
    try:
        return await stack_resources(connection, stack)
    except RequestRefused as error:
        # CloudFormation's word for a stack that is not there.
        if error.aws_code != "ValidationError":
            raise
        return []


class FunctionNotDeployed(DeployError):
    """The app declares a function that the stage does not have.

    The app was not deployed since the function was added, or the deploy failed.
    """

    code = "SD-DEPLOY-030"


class AppNotDeployed(DeployError):
    """A command needs the functions of a stage to which the app has not been deployed, or only in part."""

    code = "SD-DEPLOY-031"


async def functions_of_stage(connection: AwsConnection, manifest: Manifest) -> list[DeployedFunction]:
    """Return the functions of an app that is deployed.

    Raises:
        AppNotDeployed: A stack with functions is not there.
    """
    stacks = {entry.stack for entry in manifest.functions}
    try:
        return await deployed_functions(connection, manifest, stacks, {})
    except RequestRefused as error:
        # CloudFormation's word for a stack that is not there.
        if error.aws_code != "ValidationError":
            raise
        raise AppNotDeployed(
            f"`{manifest.app}` is not deployed to the stage `{connection.stage.name}`",
            where=connection.region,
            why=error.why,
            fix=_deploy_command(connection),
        ) from error


def _deploy_command(connection: AwsConnection) -> str:
    if connection.is_local:
        return "run `sundog dev`"
    return f"run `sundog deploy --stage {connection.stage.name}`"


def not_deployed(connection: AwsConnection, entry: FunctionEntry) -> FunctionNotDeployed:
    """Return the error for a function that the stage does not have."""
    return FunctionNotDeployed(
        f"the function `{entry.name}` is not deployed to the stage `{connection.stage.name}`",
        where=f"stack {entry.stack}",
        fix=_deploy_command(connection),
    )


async def physical_name(connection: AwsConnection, entry: FunctionEntry) -> str:
    """Return the name that CloudFormation gave to a function.

    Raises:
        FunctionNotDeployed: Its stack, or the function in it, is not there.
    """
    for resource in await _resources(connection, entry.stack):
        if resource.logical_id == entry.logical_id:
            return resource.physical_id
    raise not_deployed(connection, entry)
