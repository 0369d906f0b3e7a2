"""`sundog doctor`."""

from __future__ import annotations

from sundog.cli.concurrency import run_async
from sundog.cli.doctor import machine, project
from sundog.cli.doctor.finding import Finding
from sundog.cli.errors import CheckFailed
from sundog.cli.here import Here
from sundog.cli.options import command
from sundog.cli.render.findings import show_findings
from sundog.model.cache import cache_dir


@command("doctor")
def doctor(here: Here) -> None:
    """Check this machine and this project.

    Each check says ok, warn or fail, and what to do. AWS credentials are checked for stages other than `local`. The exit code
    is 3 when a check fails.
    """
    findings = _machine(here) + _project(here)
    show_findings(here.output, findings)
    failed = [finding for finding in findings if finding.status == "fail"]
    if failed:
        raise CheckFailed(
            f"{len(failed)} of {len(findings)} checks failed: {', '.join(finding.name for finding in failed)}",
            fix="do what each of them says, then run `sundog doctor` again",
        )


def _machine(here: Here) -> list[Finding]:
    watches = machine.check_watches()
    return [
        machine.check_python(),
        machine.check_platform(),
        machine.check_node(),
        machine.check_uv(),
        machine.check_cached(here.environ, "embedded-cloud", "embedded cloud"),
        machine.check_cached(here.environ, "esbuild", "esbuild"),
        machine.check_writable("cache folder", cache_dir(here.environ)),
        machine.check_room(cache_dir(here.environ)),
        machine.check_open_files(),
        *([watches] if watches else []),
    ]


def _project(here: Here) -> list[Finding]:
    finding, found = project.check_settings(here.cwd)
    if found is None:
        return [finding, machine.check_loopback(None)]
    stage = here.stage(found)
    session = project.check_session(found, stage)
    # A session that runs holds the project's port, and that is as it should be.
    port = None if session.detail.startswith("`") else found.settings.local.port
    return [
        finding,
        project.check_app_file(found),
        machine.check_writable("state folder", found.stage_dir(stage.name)),
        session,
        machine.check_loopback(port if stage.is_local else None),
        *project.check_interpreters(found, stage, here.environ),
        *([] if stage.is_local else [run_async(lambda: project.check_credentials(stage), here.output)]),
    ]
