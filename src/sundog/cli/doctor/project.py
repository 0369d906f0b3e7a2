"""Checks of the project: its settings, its files, the interpreters of its functions, its credentials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from sundog.cli.doctor.finding import Finding, fail, ok, warn
from sundog.errors import ConfigError, SundogError
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry, read_manifest
from sundog.model.project import Project, ProjectNotFound, Stage, find_project
from sundog.session.lock import running_session


def check_settings(cwd: Path) -> tuple[Finding, Project | None]:
    """Whether there is a project here, with good settings."""
    try:
        project = find_project(cwd)
    except ProjectNotFound:
        return warn("project", "none in this folder", "cd into an app, or run: sundog create my-app"), None
    except ConfigError as error:
        place = f" ({error.where})" if error.where else ""
        return fail(
            "project", f"{error.what}{place}", "; ".join(error.fixes) or "correct pyproject.toml"
        ), None
    return ok("project", f"{project.settings.name} in {project.root}"), project


def check_app_file(project: Project) -> Finding:
    """Whether the file that defines the app is there."""
    if project.app_file.is_file():
        return ok("app", project.settings.app)
    return fail(
        "app", f"{project.settings.app} does not exist", "write it, or correct `app` in [tool.sundog]"
    )


def check_session(project: Project, stage: Stage) -> Finding:
    """Whether a session runs."""
    note = running_session(project.stage_dir(stage.name))
    if note is None:
        return ok("session", f"none on the stage {stage.name}")
    where = f" at {note.endpoint_url}" if note.endpoint_url else ""
    return ok("session", f"`sundog {note.command}` (process {note.pid}){where}")


def check_interpreters(project: Project, stage: Stage, environ: Mapping[str, str]) -> list[Finding]:
    """Whether each runtime of the app has an interpreter here; nothing before the first synth."""
    from sundog.live.interpreter import InterpreterChooser

    try:
        functions = read_manifest(project.assembly_dir(stage.name)).functions
    except (OSError, msgspec.MsgspecError):
        functions = []
    told: list[tuple[str, str | None]] = []
    chooser = InterpreterChooser(project, lambda text, fix: told.append((text, fix)), environ=environ)
    own = chooser.project_python()
    findings = (
        [ok("interpreter", f"{own} ({chooser.version(own)})")]
        if chooser.version(own)
        else [fail("interpreter", f"{own} does not run", "make the project's environment again: uv sync")]
    )
    runtimes = {entry.runtime: entry for entry in functions if entry.language == "python"}
    for runtime, entry in sorted(runtimes.items()):
        told.clear()
        chosen = chooser.choose(_deployed(entry))
        findings.append(
            warn(runtime, told[0][0], told[0][1] or "install it") if told else ok(runtime, chosen)
        )
    return findings


async def check_credentials(stage: Stage) -> Finding:
    """Whether there are AWS credentials for the stage."""
    from sundog.aws.endpoint import AwsConnection

    try:
        account = await AwsConnection(stage).account_id()
    except SundogError as error:
        return fail("AWS credentials", error.what, "; ".join(error.fixes) or "run: aws configure sso")
    return ok("AWS credentials", f"account {account}, region {stage.region}")


def _deployed(entry: FunctionEntry) -> DeployedFunction:
    return DeployedFunction(
        entry=entry, physical_name=entry.name, arn="", role_arn="", environment={}, log_group=""
    )
