"""The CDK's full check of all templates against the resource schemas, beside whatever else is done.

It takes the CDK seconds, so a live session synthesizes without it and runs it afterwards: the app once more, in a process of
low priority that ends with its parent, into a folder of its own. The result is kept beside the templates' digest, so that
unchanged templates are checked once. A synth for a deploy has the check in it, and leaves the same report.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from sundog.deploy.synth.attempt import app_environment
from sundog.deploy.synth.interpreter import app_python
from sundog.model.manifest import Manifest, SourcePlace
from sundog.model.programs import end_group
from sundog.model.project import Project, Stage

REPORT_FILE = "validation-report.json"
"""The CDK's, in the cloud assembly."""
_KEPT_FILE = "validation.json"

# Runs the app at low priority. When standard input ends, so do the app and the Node that jsii started: by a process of
# usual priority, because no thread of the app's own would run in time while the machine is busy.
_RUN = """
import os, runpy, signal, sys
child = os.fork()
if not child:
    # Nobody's child, so that an app that waits for its own does not wait for this one.
    if not os.fork():
        os.read(0, 1)
        os.killpg(0, signal.SIGKILL)
    os._exit(0)
os.waitpid(child, 0)
os.nice(15)
sys.argv = sys.argv[1:]
sys.path[0] = os.path.dirname(sys.argv[0])
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class TemplateIssue(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a template that CloudFormation will refuse, or probably does not mean."""

    rule: str
    """The rule's name, as `F3012`."""
    text: str
    path: str
    """Path of the construct."""
    place: SourcePlace | None = None


class _Resource(msgspec.Struct, rename="camel"):
    template_path: str = ""
    logical_id: str = ""


class _Construct(msgspec.Struct, rename="camel"):
    construct_path: str = ""
    cloud_formation_resource: _Resource = msgspec.field(default_factory=_Resource)


class _Violation(msgspec.Struct, rename="camel"):
    rule_name: str
    description: str
    violating_constructs: list[_Construct] = []


class _PluginReport(msgspec.Struct, rename="camel"):
    violations: list[_Violation] = []


class _Report(msgspec.Struct, rename="camel"):
    plugin_reports: list[_PluginReport] = []


class _Kept(msgspec.Struct, kw_only=True):
    digest: str
    issues: list[TemplateIssue]


def read_issues(assembly: Path, manifest: Manifest) -> list[TemplateIssue]:
    """Return what the CDK's check of an assembly found; nothing when it was not checked, or is in order."""
    try:
        report = msgspec.json.decode((assembly / REPORT_FILE).read_bytes(), type=_Report)
    except FileNotFoundError:
        return []
    stacks = {entry.template_file: entry.name for entry in manifest.stacks}
    issues = []
    for plugin in report.plugin_reports:
        for violation in plugin.violations:
            for construct in violation.violating_constructs:
                resource = construct.cloud_formation_resource
                entry = manifest.construct(stacks.get(resource.template_path, ""), resource.logical_id)
                issues.append(
                    TemplateIssue(
                        rule=violation.rule_name,
                        text=violation.description,
                        path=construct.construct_path or resource.logical_id,
                        place=entry.place if entry else None,
                    )
                )
    return issues


async def validate(
    project: Project,
    stage: Stage,
    assembly: Path,
    manifest: Manifest,
    *,
    environ: Mapping[str, str] = os.environ,
) -> list[TemplateIssue]:
    """Check an assembly that was synthesized without the check.

    Returns nothing for an app that cannot be run a second time; the deploy of the first has said what is wrong with it.

    Args:
        project: Whose app it is.
        stage: The stage.
        assembly: What was synthesized.
        manifest: Its manifest.
        environ: The variables that the app is given, besides those of the stage.
    """
    kept_file = project.stage_dir(stage.name) / _KEPT_FILE
    digest = await anyio.to_thread.run_sync(_digest, assembly, manifest)
    kept = await anyio.to_thread.run_sync(_read_kept, kept_file)
    if kept is not None and kept.digest == digest:
        return kept.issues
    outdir = project.stage_dir(stage.name) / "validation"
    environment = app_environment(project, stage, "dev", outdir, environ)
    if environ.get("CDK_VALIDATION") is None:
        del environment["CDK_VALIDATION"]
    if not await _run(project, environment):
        return []
    issues = await anyio.to_thread.run_sync(read_issues, outdir, manifest)
    await anyio.to_thread.run_sync(
        kept_file.write_bytes, msgspec.json.encode(_Kept(digest=digest, issues=issues))
    )
    return issues


async def _run(project: Project, environment: Mapping[str, str]) -> bool:
    command = [app_python(project.root), "-c", _RUN, str(project.app_file)]
    process = await anyio.open_process(
        command,
        cwd=project.root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return await process.wait() == 0
    finally:
        # With what it started.
        end_group(process.pid)
        with anyio.CancelScope(shield=True):
            await process.aclose()


def _digest(assembly: Path, manifest: Manifest) -> str:
    total = hashlib.sha256()
    for entry in manifest.stacks:
        total.update((assembly / entry.template_file).read_bytes())
    return total.hexdigest()


def _read_kept(file: Path) -> _Kept | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=_Kept)
    except (FileNotFoundError, msgspec.MsgspecError):
        # Not there yet, or of another version: the templates are checked again.
        return None
