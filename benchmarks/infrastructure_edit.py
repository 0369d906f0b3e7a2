"""From saving `app.py` to deployed on the local stage, beside npm's `cdk deploy` of the same edit to the same endpoint."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.context import Context
from benchmarks.measure import Result, at_most, times_faster
from benchmarks.peers.installation import node, node_environment, node_packages
from benchmarks.sessions import Session, copy_example, developing

CDK = "2.1148.1"
ANCHOR = "    stack.outputs(ApiUrl=api.url)\n"


def measure(context: Context) -> list[Result]:
    modules = node_packages(context.home / "aws-cdk", {"aws-cdk": CDK})
    ours_root = copy_example(context.folder / "notes")
    theirs_root = copy_example(context.folder / "theirs")
    # Another name, so that both can be deployed to one endpoint.
    settings = theirs_root / "pyproject.toml"
    settings.write_text(settings.read_text("utf-8").replace('name = "notes"', 'name = "peer"'), "utf-8")
    ours, theirs = [], []
    with developing(ours_root) as session:
        environment = _environment(session)
        _cdk_deploy(modules, theirs_root, environment)
        for number in range(1, context.rounds + 1):
            time.sleep(1)  # the next synth is rehearsed in the background
            ours.append(_edit_in_session(session, number))
            started = time.perf_counter()
            _edit(theirs_root, number)
            _cdk_deploy(modules, theirs_root, environment)
            theirs.append(time.perf_counter() - started)
    result = Result(number="infrastructure_edit", subject="sundog", unit="s", samples=ours)
    peer = Result(number="infrastructure_edit", subject=f"npm's `cdk deploy` {CDK}", unit="s", samples=theirs)
    bars = [at_most(result.median, 1, f"p50 < 1 s: {result.median:.2f} s"), times_faster(result, peer, 10)]
    return [replace(result, bars=bars), peer]


def _edit(root: Path, number: int) -> None:
    """Add or change one output and one resource's property."""
    file = root / "app.py"
    text = file.read_text("utf-8")
    head, _, tail = text.partition(ANCHOR)
    kept = [line for line in tail.splitlines(keepends=True) if "Edit" not in line]
    file.write_text(f'{head}{ANCHOR}    stack.outputs(Edit="{number}")\n{"".join(kept)}', "utf-8")


def _edit_in_session(session: Session, number: int) -> float:
    seen = len(_deploys(session))
    started = time.perf_counter()
    _edit(session.root, number)
    deadline = started + 60
    while time.perf_counter() < deadline:
        finished = _deploys(session)[seen:]
        if finished:
            if not finished[0]["ok"]:
                raise RuntimeError(f"the deploy failed: {finished[0]}")
            return time.perf_counter() - started
        time.sleep(0.005)
    raise TimeoutError(
        f"nothing was deployed; the session printed:\n{session.log.read_text('utf-8')[-3000:]}"
    )


def _deploys(session: Session) -> list[Mapping[str, object]]:
    return [event for event in session.events() if event.get("type") == "DeployFinished"]


def _environment(session: Session) -> dict[str, str]:
    base = node_environment(Path(sys.executable).parent)
    return {
        **base,
        "AWS_ENDPOINT_URL": session.endpoint_url,
        "AWS_ENDPOINT_URL_S3": session.endpoint_url,
        "AWS_ACCESS_KEY_ID": "000000000000",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
        "CDK_DEFAULT_REGION": "us-east-1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "SUNDOG_MODE": "dev",  # the same placeholder for the code as in a session: no packaging in either
        "CDK_VALIDATION": os.environ.get("CDK_VALIDATION", "false"),
    }


def _cdk_deploy(modules: Path, root: Path, environment: Mapping[str, str]) -> None:
    command = [node(), modules / "aws-cdk" / "bin" / "cdk", "deploy", "--all", "--require-approval", "never"]
    finished = subprocess.run(
        [*map(str, command), "--no-notices", "--no-version-reporting"],
        cwd=root,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode:
        raise RuntimeError(f"cdk deploy failed: {finished.stderr[-2000:]}")
