"""`sundog coldstart`: what a function's cold start is made of, and what was seen of it where it runs."""

from __future__ import annotations

import os

import msgspec

from sundog.aws.sts import role_credentials
from sundog.deploy.functions import deployed_functions
from sundog.errors import AwsError, UnsupportedError
from sundog.live.coldstart.shares import Analysis
from sundog.live.task_root import task_root
from sundog.live.variables import function_variables
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry, Manifest
from sundog.model.project import Project, Stage
from sundog.session.cloud import running_connection
from sundog.session.coldstart_node import analyze_node
from sundog.session.coldstart_python import analyze_python
from sundog.session.init_reports import InitReports, reports_of_lambda, reports_of_sessions

MEASURED = ("python", "node")


class LanguageNotMeasured(UnsupportedError):
    """`sundog coldstart` was asked about a function in a language whose imports it cannot take apart.

    It measures Python, JavaScript and TypeScript.
    """

    code = "SD-UNSUPPORTED-030"


class ColdStart(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a function's cold start."""

    function: FunctionEntry
    analysis: Analysis
    reported: InitReports
    """What was seen where the function runs: on AWS, or in the local sessions."""
    notes: list[str]
    """What could not be known, and why."""


async def run_coldstart(
    project: Project, stage: Stage, manifest: Manifest, entry: FunctionEntry
) -> ColdStart:
    """Measure a function's import and look up what its inits took.

    Raises:
        LanguageNotMeasured: It is written in a language that cannot be measured.
        BundleError: Its code does not build, or a command around its build fails.
        HandlerNotImported: Its module cannot be imported.
    """
    if entry.language not in MEASURED:
        raise LanguageNotMeasured(
            f"`{entry.name}` is written in {entry.language}, whose imports cannot be measured",
            why="the imports of Python, JavaScript and TypeScript can",
            fix="measure a function that is written in one of these",
        )
    notes: list[str] = []
    function = await _deployed(project, stage, manifest, entry, notes)
    environ = await _environment(project, stage, function)
    made = task_root(
        function, root=project.root, folder=project.stage_dir(stage.name) / "coldstart", environ=os.environ
    )
    if made is not None:
        # The module may read what is copied into its package.
        await made.make()
        environ = {**environ, "LAMBDA_TASK_ROOT": str(made.folder)}
    if entry.language == "node":
        analysis = await analyze_node(project, project.stage_dir(stage.name), function, environ, notes)
    else:
        analysis = await analyze_python(project, function, environ, notes)
    return ColdStart(
        function=entry,
        analysis=analysis,
        reported=await _reported(project, stage, function, notes),
        notes=notes,
    )


async def _environment(project: Project, stage: Stage, function: DeployedFunction) -> dict[str, str]:
    """Return the environment that the session would give a worker; on AWS nobody but Lambda has the role's credentials."""
    connection = running_connection(project, stage) if stage.is_local and function.role_arn else None
    variables = function_variables(
        function,
        root=project.root,
        region=stage.region,
        stage=stage.name,
        app=project.settings.name,
        endpoint_url=None if connection is None else connection.endpoint_url,
        environ=os.environ,
    )
    if connection is None:
        return variables
    found = await role_credentials(connection, function.role_arn, function.physical_name)
    return {
        **variables,
        "AWS_ACCESS_KEY_ID": found.access_key_id,
        "AWS_SECRET_ACCESS_KEY": found.secret_access_key,
        "AWS_SESSION_TOKEN": found.session_token,
    }


async def _deployed(
    project: Project, stage: Stage, manifest: Manifest, entry: FunctionEntry, notes: list[str]
) -> DeployedFunction:
    """Return the function as it is deployed; without its variables when nobody can be asked for them."""
    connection = running_connection(project, stage)
    reason = (
        "no `sundog dev` is running" if stage.is_local else f"it is not deployed to the stage `{stage.name}`"
    )
    if connection is not None:
        alone = msgspec.structs.replace(manifest, functions=[entry])
        try:
            found = await deployed_functions(connection, alone, [entry.stack], {})
        except AwsError as error:
            found, reason = [], error.what
        if found:
            return found[0]
    notes.append(f"imported without the function's own environment variables: {reason}")
    return DeployedFunction(
        entry=entry, physical_name=entry.name, arn="", role_arn="", environment={}, log_group=""
    )


async def _reported(
    project: Project, stage: Stage, function: DeployedFunction, notes: list[str]
) -> InitReports:
    if stage.is_local:
        return reports_of_sessions(project, stage, function.entry)
    connection = running_connection(project, stage)
    if connection is None or not function.log_group:
        return InitReports()
    return await reports_of_lambda(connection, function, notes)
