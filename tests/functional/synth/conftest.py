"""One warm worker for all tests of a process, and the way to synthesize cold beside it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio.from_thread
import pytest

from sundog.bundle.node import node_binary
from sundog.deploy.synth.service import SynthResult, SynthService
from sundog.deploy.synth.worker import SynthWorker
from sundog.model.events import Event
from sundog.model.project import find_project

PLAIN_APP = """\
import colorsys, glob, json, os
import aws_cdk as cdk
import settings

app = cdk.App()
stack = cdk.Stack(app, "one")
for name in [*settings.NAMES, *open("names.txt").read().split(), os.environ.get("EXTRA_NAME", "Unset")]:
    cdk.CfnResource(stack, name, type="AWS::SQS::Queue", properties={"QueueName": name})
for file in sorted(glob.glob("queues/*.json")):
    properties = json.load(open(file))
    cdk.CfnResource(stack, properties["QueueName"], type="AWS::SQS::Queue", properties=properties)
try:
    import local_settings
    cdk.CfnOutput(stack, "Local", value=local_settings.VALUE)
except ImportError:
    pass
if os.path.exists("feature.flag"):
    cdk.CfnOutput(stack, "Flag", value="on")
cdk.CfnOutput(stack, "Grey", value=str(colorsys.rgb_to_hsv(1, 1, 1)))
app.synth()
"""

SUNDOG_APP = """\
from sundog import App, Table

app = App()


@app.stack
def storage(stack):
    return Table(stack, "notes", partition_key=("id", "string"))


app.synth()
"""


class Bench:
    """A project, its service, and what the service said."""

    def __init__(self, root: Path, portal: anyio.from_thread.BlockingPortal, worker: SynthWorker) -> None:
        self.root = root
        self.portal = portal
        self.worker = worker
        self.environ = dict(os.environ)
        self.events: list[Event] = []
        self.timeout_seconds = 120.0
        self.write("pyproject.toml", '[tool.sundog]\nname = "demo"\n')
        self.service = self.new_service()

    def write(self, name: str, text: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def new_service(self) -> SynthService:
        self.service = SynthService(
            find_project(self.root),
            self.events.append,
            environ=self.environ,
            worker=self.worker,
            timeout_seconds=self.timeout_seconds,
        )
        return self.service

    def synth(self, mode: str = "dev") -> SynthResult:
        stage = find_project(self.root).stage(None)
        return self.portal.call(lambda: self.service.synth(stage, mode=mode, reason="start"))

    def get_ready(self) -> None:
        """Have the app rehearsed, as a session does while nobody waits."""
        stage = find_project(self.root).stage(None)
        self.portal.call(self.service.get_ready, stage)

    def cold(self) -> dict[str, bytes]:
        """Return the templates that `python app.py` makes in a fresh process."""
        outdir = self.root.parent / "cold"
        environ = {
            **self.environ,
            "CDK_OUTDIR": str(outdir),
            "CDK_DEFAULT_REGION": "us-east-1",
            "CDK_VALIDATION": "false",
            "SUNDOG_STAGE": "local",
            "SUNDOG_PROJECT_ROOT": str(self.root),
            "SUNDOG_MODE": "dev",
            "JSII_NODE": str(node_binary()),
        }
        subprocess.run([sys.executable, "app.py"], cwd=self.root, env=environ, check=True, timeout=120)
        return read_templates(outdir)


def read_templates(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.template.json"))}


@pytest.fixture(scope="session")
def portal() -> Iterator[anyio.from_thread.BlockingPortal]:
    with anyio.from_thread.start_blocking_portal() as running:
        yield running


@pytest.fixture(scope="session")
def worker(portal) -> Iterator[SynthWorker]:
    shared = SynthWorker(python=sys.executable, fork=sys.platform == "linux")
    yield shared
    portal.call(shared.close)


@pytest.fixture
def bench(tmp_path, portal, worker) -> Bench:
    root = tmp_path / "project é"
    root.mkdir()
    return Bench(root, portal, worker)


@pytest.fixture
def plain(bench) -> Bench:
    """A plain CDK app that reads a module, a file, a folder, a variable, and asks for files that are not there."""
    bench.write("app.py", PLAIN_APP)
    bench.write("settings.py", 'NAMES = ["First"]\n')
    bench.write("names.txt", "Second Third")
    bench.write("queues/a.json", '{"QueueName": "FromFolder"}')
    return bench


@pytest.fixture
def sundog_app(bench) -> Bench:
    bench.write("app.py", SUNDOG_APP)
    return bench
