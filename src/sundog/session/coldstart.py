"""`sundog coldstart`: what a function's cold start is made of, and what was seen of it where it runs."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import anyio.to_thread
import msgspec

from sundog.aws.logs import log_lines
from sundog.aws.sts import role_credentials
from sundog.bundle.requirements import find_requirements, package_name
from sundog.deploy.functions import deployed_functions
from sundog.errors import AwsError, BundleError, UnsupportedError
from sundog.live.coldstart.measure import Measurement, measure
from sundog.live.coldstart.shares import Attribution, Change, Share, changes, shares
from sundog.live.interpreter import InterpreterChooser
from sundog.live.variables import function_variables
from sundog.live.worker.python import runtime_package_folder
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry, Manifest
from sundog.model.project import Project, Stage
from sundog.model.sources import source_files
from sundog.session.cloud import running_connection
from sundog.store.database import NoStore
from sundog.store.queries import reading

LOOK_BACK_DAYS = 7
MOST_REPORTED = 100
_INIT = re.compile(r"Init Duration: ([\d.]+) ms")


class LanguageNotMeasured(UnsupportedError):
    """`sundog coldstart` was asked about a function in a language whose imports it cannot take apart.

    It measures Python. For Node, `minify` of `build` and imports that esbuild can leave out are what helps.
    """

    code = "SD-UNSUPPORTED-030"


class ColdStart(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a function's cold start."""

    function: FunctionEntry
    interpreter: str
    measurement: Measurement
    shares: list[Share]
    changes: list[Change]
    reported_ms: list[float]
    """What inits took where the function runs, the newest first: on AWS, or in the local sessions."""
    notes: list[str]
    """What could not be known, and why."""


async def run_coldstart(
    project: Project, stage: Stage, manifest: Manifest, entry: FunctionEntry
) -> ColdStart:
    """Measure a function's import and look up what its inits took.

    Raises:
        LanguageNotMeasured: It is not written in Python.
        HandlerNotImported: Its module cannot be imported.
    """
    if entry.language != "python":
        raise LanguageNotMeasured(
            f"`{entry.name}` is written in {entry.language}, and only the imports of Python can be measured",
            fix="measure a function that is written in Python",
        )
    notes: list[str] = []
    function = await _deployed(project, stage, manifest, entry, notes)
    chooser = InterpreterChooser(project, lambda text, _: notes.append(text), environ=os.environ)
    interpreter = chooser.choose(function)
    named, excluded = _packages(project, entry, notes)
    runtime = runtime_package_folder()
    assert runtime is not None  # noqa: S101 - sundog depends on it
    environ = await _environment(project, stage, function)

    def measured() -> Measurement:
        return measure(
            entry,
            root=project.root,
            interpreter=interpreter,
            environ=environ,
            runtime_package=runtime,
            named=named,
            excluded=excluded,
        )

    measurement = await anyio.to_thread.run_sync(measured)
    attribution = Attribution(measurement, (project.root / entry.source).resolve(), sys.stdlib_module_names)
    return ColdStart(
        function=entry,
        interpreter=interpreter,
        measurement=measurement,
        shares=shares(measurement, attribution, project_bytes=_project_bytes(project, entry)),
        changes=changes(measurement, attribution, project.root),
        reported_ms=await _reported(project, stage, function, notes),
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
    reason = "no `sundog dev` is running"
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


def _packages(
    project: Project, entry: FunctionEntry, notes: list[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of what is packaged with the function, and of what is left out."""
    try:
        requirements = find_requirements(
            project.root, project.root / entry.source, os.environ, f"{entry.runtime} on {entry.architecture}"
        )
    except BundleError as error:
        notes.append(f"packages that are never imported are left out: {error.what}")
        return frozenset(), frozenset()
    names = frozenset(name for name in map(package_name, requirements.lines) if name)
    return names, frozenset(requirements.excluded)


def _project_bytes(project: Project, entry: FunctionEntry) -> int:
    leave_out = [project.app_file, *(project.root / name for name in project.settings.ignore)]
    files = source_files(project.root / entry.source, language="python", leave_out=leave_out)
    return sum(Path(file).stat().st_size for file in files)


async def _reported(
    project: Project, stage: Stage, function: DeployedFunction, notes: list[str]
) -> list[float]:
    if stage.is_local:
        return _stored(project, stage, function.entry)
    connection = running_connection(project, stage)
    if connection is None or not function.log_group:
        return []
    since = time.time() - LOOK_BACK_DAYS * 86400
    try:
        lines = await log_lines(connection, function.log_group, since=since, pattern='"Init Duration"')
    except AwsError as error:
        notes.append(f"what Lambda reported could not be read: {error.what}")
        return []
    return init_durations([line.text for line in reversed(lines)])[:MOST_REPORTED]


def init_durations(lines: Sequence[str]) -> list[float]:
    """Return the milliseconds that Lambda's REPORT lines say that inits took."""
    return [float(match[1]) for match in map(_INIT.search, lines) if match]


def _stored(project: Project, stage: Stage, entry: FunctionEntry) -> list[float]:
    try:
        with reading(project.events_db(stage.name)) as store:
            found = store.invocations(functions=[entry.id], limit=MOST_REPORTED)
    except NoStore:
        return []
    return [one.init_ms for one in found if one.cold and one.init_ms is not None]
