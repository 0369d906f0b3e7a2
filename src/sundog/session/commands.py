"""What `deploy`, `remove`, `build`, `invoke` and `replay` do once their options are read."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import anyio.to_thread
import msgspec

from sundog.aws import lambda_
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.engine import DeployResult
from sundog.deploy.functions import functions_of_stage, not_deployed, physical_name
from sundog.deploy.remove import refuse_protected, remove
from sundog.deploy.synth.service import SynthResult, SynthService
from sundog.errors import LiveError, UsageError
from sundog.model.events import Observer
from sundog.model.functions import InvocationResult
from sundog.model.manifest import FunctionEntry, Manifest
from sundog.model.project import Project, Stage
from sundog.session.bindings import BoundEnvironment, connection_variables, union_of_bindings
from sundog.session.cloud import credentials_from, open_cloud, running_connection
from sundog.session.cold_start_costs import tell_costs
from sundog.session.databases import prepare_databases
from sundog.session.deploying import deploy_to
from sundog.session.lock import SessionNote, hold_stage
from sundog.session.recording import recorded
from sundog.session.scripts import scripts_served


class NothingRuns(LiveError):
    """A function of the local stage was to be invoked, and no session runs it.

    The embedded cloud lives as long as `sundog dev` does.
    """

    code = "SD-LIVE-020"


class BuildTargetNotEmpty(UsageError):
    """The folder that `sundog build --to` names has something in it that is not a cloud assembly."""

    code = "SD-USAGE-011"


async def run_deploy(
    project: Project, stage: Stage, *, observer: Observer, only: Sequence[str] = ()
) -> DeployResult:
    """Synthesize the app and deploy it.

    Raises:
        StageBusy: Another sundog process works on the stage.
        SundogError: Synth or the deploy failed.
    """
    with _holding(project, stage, "deploy"), recorded(project, stage, observer) as told:
        # The local stage's code runs from source, so there is nothing to build for it.
        synthesized = await _synthesize(project, stage, told, "deploy", build=not stage.is_local)
        async with (
            open_cloud(project, stage, told) as cloud,
            scripts_served(project, stage, cloud, synthesized.manifest, told),
        ):
            deployed = await deploy_to(cloud, project, stage, synthesized, observer=told, only=only)
        tell_costs((function.entry for function in deployed.functions), told)
        return deployed


async def run_build(project: Project, stage: Stage, *, observer: Observer, to: Path) -> Path:
    """Synthesize the app with all code built, and leave the cloud assembly in a folder.

    Raises:
        BuildTargetNotEmpty: The folder has something else in it.
        SundogError: Synth or a build failed.
    """
    if await anyio.to_thread.run_sync(_holds_something_else, to):
        raise BuildTargetNotEmpty(
            f"`{to}` has something in it that is not a cloud assembly",
            why="a build replaces the folder's whole content",
            fix="name an empty folder, or one that does not exist: `--to build`",
        )
    with _holding(project, stage, "build"), recorded(project, stage, observer) as told:
        synthesized = await _synthesize(project, stage, told, "build", build=True)

        def copy() -> None:
            if to.exists():
                shutil.rmtree(to)
            shutil.copytree(synthesized.assembly, to)

        await anyio.to_thread.run_sync(copy)
    return to


async def run_remove(
    project: Project, stage: Stage, *, observer: Observer, confirmed: bool = False
) -> list[str]:
    """Remove all stacks of a stage; return their names.

    Args:
        project: The app's folder.
        stage: The stage.
        observer: Told what happens.
        confirmed: Whether a person agreed to remove a protected stage.

    Raises:
        StageProtected: The stage is protected, and nobody agreed.
        StageBusy: Another sundog process works on the stage.
        SundogError: A stack could not be removed.
    """
    refuse_protected(stage, confirmed=confirmed)
    with _holding(project, stage, "remove"), recorded(project, stage, observer) as told:
        synthesized = await _synthesize(project, stage, told, "remove", build=False)
        async with (
            open_cloud(project, stage, told) as cloud,
            scripts_served(project, stage, cloud, synthesized.manifest, told),
        ):
            await prepare_databases(cloud, synthesized.manifest)
            return await remove(
                project, stage, synthesized.manifest, cloud.connection, observer=told, confirmed=confirmed
            )


async def run_invoke(
    project: Project,
    stage: Stage,
    entry: FunctionEntry,
    payload: bytes,
    *,
    asynchronous: bool,
    client_context: str | None,
) -> InvocationResult:
    """Invoke a function through its stage's Lambda, so that it runs as any event would make it.

    Raises:
        NothingRuns: The local stage has no session.
        AwsError: Lambda refused or could not be reached.
    """
    connection = _running(project, stage, f"nothing runs the function `{entry.name}`")
    name = await physical_name(connection, entry)
    return await lambda_.invoke(
        connection, name, payload, asynchronous=asynchronous, client_context=client_context
    )


async def bound_variables(
    project: Project, stage: Stage, manifest: Manifest, entry: FunctionEntry | None
) -> BoundEnvironment:
    """Return the variables with which a program uses what is bound to an app's functions.

    Args:
        project: The app's folder.
        stage: A stage that is deployed.
        manifest: What synth knows about the app.
        entry: The function whose variables and role the program gets; None for the bindings of all functions and the
            caller's own credentials.

    Raises:
        NothingRuns: The local stage has no session.
        FunctionNotDeployed: The stage does not have the function.
        AppNotDeployed: The stage does not have the app.
        AwsError: The role does not let the caller use it, or AWS failed.
    """
    connection = _running(project, stage, f"nothing runs `{manifest.app}` on this machine")
    wanted = msgspec.structs.replace(manifest, functions=[entry]) if entry is not None else manifest
    functions = await functions_of_stage(connection, wanted)
    if entry is None:
        bound = union_of_bindings(functions)
        return msgspec.structs.replace(
            bound, variables=bound.variables | connection_variables(project, connection)
        )
    if not functions:
        raise not_deployed(connection, entry)
    credentials = await credentials_from(connection)(functions[0])
    own = functions[0].environment | connection_variables(project, connection, credentials)
    return BoundEnvironment(variables=own)


def _running(project: Project, stage: Stage, what: str) -> AwsConnection:
    connection = running_connection(project, stage)
    if connection is None:
        raise NothingRuns(
            what,
            why="the local stage runs while `sundog dev` does",
            fix="start `sundog dev` in another terminal, then run this again",
        )
    return connection


async def _synthesize(
    project: Project, stage: Stage, observer: Observer, reason: str, *, build: bool
) -> SynthResult:
    async with SynthService(project, observer).running() as synth:
        return await synth.synth(
            stage, mode="deploy" if build and not stage.is_local else "dev", reason=reason
        )


def _holds_something_else(folder: Path) -> bool:
    return folder.exists() and any(folder.iterdir()) and not (folder / "manifest.json").exists()


def _holding(project: Project, stage: Stage, command: str) -> AbstractContextManager[None]:
    note = SessionNote(pid=os.getpid(), command=command, started_at=time.time())
    return hold_stage(project.stage_dir(stage.name), note)
