"""Apps as a user writes them: synthesized, deployed on one embedded cloud, their functions run live in this process.

A test module has a folder with an `app.py` and says once which::

    @pytest.fixture(scope="module")
    def app(start_app):
        with start_app(Path(__file__).parent / "notes") as running:
            yield running

What a function was given is read from the session's own events, so an event that never reached it cannot be seen.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from botocore.config import Config

from sundog.aws.embedded.cloud import EmbeddedCloud
from sundog.aws.sts import role_credentials
from sundog.deploy.engine import DeployResult, deploy, remove
from sundog.deploy.synth.service import SynthResult, SynthService
from sundog.deploy.synth.worker import SynthWorker
from sundog.model.events import Event, FilesChanged, InvocationFinished, InvocationStarted, LogWritten
from sundog.model.functions import Credentials, DeployedFunction
from sundog.model.project import Project, Stage, find_project
from sundog.session.cloud import StageCloud, reach
from sundog.session.languages import open_live_session
from sundog.session.options import DevOptions
from sundog.session.recording import Recording, recorded

REGION = "eu-west-1"


class Seen:
    """One event that a function was given, and what became of it."""

    def __init__(self, started: InvocationStarted, finished: InvocationFinished | None) -> None:
        self.started = started
        self.finished = finished
        self.event = json.loads(started.payload)
        self.trigger = started.trigger

    @property
    def response(self) -> Any:
        """What the function answered."""
        assert self.finished is not None
        return json.loads(self.finished.response)

    def __repr__(self) -> str:
        return f"{self.started.function} {json.dumps(self.event)[:2000]} → {self.finished and self.finished.outcome}"


class RunningApp:
    """An app that is deployed and served; `synth`, `deploy` and `serve` are `sundog dev`'s own parts."""

    def __init__(self, root: Path, cloud: EmbeddedCloud, portal: BlockingPortal, worker: SynthWorker) -> None:
        self.root = root
        self.project: Project = find_project(root)
        self.stage: Stage = self.project.stage(None)
        self.cloud = cloud
        self.reached: StageCloud = reach(self.stage, cloud)
        self.deployed: DeployResult
        self.synthesized: SynthResult
        self._portal = portal
        self._events: list[Event] = []
        self._news = threading.Condition()
        self._synth = SynthService(self.project, self._observe, worker=worker)

    def _observe(self, event: Event) -> None:
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Deploy the app and run its functions for the length of the block; its stacks are removed at the end."""

        async def credentials(function: DeployedFunction) -> Credentials:
            return await role_credentials(self.reached.connection, function.role_arn, function.physical_name)

        with recorded(self.project, self.stage, self._observe) as observer:
            async with open_live_session(
                self.project,
                self.stage,
                observer=observer,
                credentials=credentials,
                endpoint_url=self.cloud.endpoint_url,
                options=DevOptions(),
            ) as self._live:
                await self._deploy(observer)
                yield
            await remove(
                self.project,
                self.stage,
                self.synthesized.manifest,
                self.reached.connection,
                observer=observer,
            )

    async def _deploy(self, observer: Recording | Callable[[Event], None]) -> None:
        self.synthesized = await self._synth.synth(self.stage, mode="dev", reason="start")
        self.deployed = await deploy(
            self.project,
            self.stage,
            self.synthesized.assembly,
            self.synthesized.manifest,
            self.reached.connection,
            observer=observer,
            capabilities=self.reached.capabilities,
            rewrite_url=self.reached.rewrite_url,
        )
        await self._live.set_functions(self.deployed.functions)
        names = [function.physical_name for function in self.deployed.functions]
        await self.cloud.route(names, self._live.direct_url, self._live.token)

    def deploy(self) -> None:
        """Synthesize and deploy again, as `sundog dev` does after an edit of the infrastructure."""
        self._portal.call(self._deploy, self._observe)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in a file of the project, as one save, and wait until the session has seen it."""
        path = self.root / file
        text = path.read_text("utf-8")
        assert old in text
        since = self.mark()
        path.write_text(text.replace(old, new), "utf-8")
        self._until(
            lambda: any(
                isinstance(event, FilesChanged) and file in event.files for event in self._events[since:]
            ),
            lambda: f"the edit of {file} was not seen",
        )

    def output(self, key: str, stack: str = "backend") -> str:
        """Return an output of a stack."""
        return self.deployed.outputs[stack][key]

    def mark(self) -> int:
        """Return a place in the events, so that a test looks only at what comes after it."""
        return len(self._events)

    def aws(self, service: str) -> Any:
        """Return a boto3 client for the app's cloud."""
        return boto3.Session().client(
            service,
            endpoint_url=self.cloud.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=60),
        )

    def function_id(self, name: str) -> str:
        """Return the id of the function that the command line knows by a name."""
        entry = self.synthesized.manifest.function(name)
        assert entry is not None, (
            f"functions: {[entry.name for entry in self.synthesized.manifest.functions]}"
        )
        return entry.id

    def physical_name(self, name: str) -> str:
        """Return what a function is called in the cloud."""
        identity = self.function_id(name)
        return next(one.physical_name for one in self.deployed.functions if one.entry.id == identity)

    def seen(self, function: str, *, since: int = 0) -> list[Seen]:
        """Return the events that a function was given and has ended with, oldest first."""
        identity = self.function_id(function)
        running: dict[tuple[str, str], InvocationStarted] = {}
        found: list[Seen] = []
        for event in self._events[since:]:
            if isinstance(event, InvocationStarted) and event.function == identity:
                running[event.request_id, event.environment] = event
            elif isinstance(event, InvocationFinished) and event.function == identity:
                started = running.pop((event.request_id, event.environment), None)
                if started is not None:
                    found.append(Seen(started, event))
        return found

    def wait_for(
        self,
        function: str,
        *,
        where: Callable[[Seen], object] | None = None,
        count: int = 1,
        since: int = 0,
        seconds: float = 30,
    ) -> list[Seen]:
        """Wait until a function has ended with so many events that meet a condition; return all that do."""

        def found() -> list[Seen]:
            return [one for one in self.seen(function, since=since) if where is None or where(one)]

        def missing() -> str:
            seen = self.seen(function, since=since)
            return f"{len(found())} of {count} events came to {function}; it has seen {seen}\nlogs: {self.logs()}"

        self._until(lambda: len(found()) >= count, missing, seconds)
        return found()

    def _until(self, condition: Callable[[], bool], missing: Callable[[], str], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        with self._news:
            while not condition():
                left = deadline - time.monotonic()
                assert left > 0, f"after {seconds} s: {missing()}"
                self._news.wait(left)

    def logs(self) -> list[str]:
        """Return the last lines that the functions wrote."""
        return [event.text for event in self._events if isinstance(event, LogWritten)][-20:]


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as running:
        yield running


@pytest.fixture(scope="session")
def cloud(portal, tmp_path_factory) -> Iterator[EmbeddedCloud]:
    """A cloud of their own: its functions belong to one session at a time."""
    started = EmbeddedCloud(tmp_path_factory.mktemp("apps-cloud"), region=REGION)
    portal.call(started.start)
    try:
        yield started
    finally:
        portal.call(started.stop)


@pytest.fixture(scope="session")
def synth_worker(portal) -> Iterator[SynthWorker]:
    """A process that has the CDK loaded, for all apps."""
    shared = SynthWorker(python=sys.executable, fork=sys.platform == "linux")
    yield shared
    portal.call(shared.close)


@pytest.fixture(scope="session")
def start_app(portal, cloud, synth_worker, tmp_path_factory) -> Callable[[Path], Any]:
    """Copies an app's folder, deploys it and serves it for the length of a `with` block."""

    @contextlib.contextmanager
    def start(source: Path) -> Iterator[RunningApp]:
        root = tmp_path_factory.mktemp("app") / source.name
        shutil.copytree(source, root, ignore=shutil.ignore_patterns("__pycache__", ".sundog"))
        name = f"a{uuid.uuid4().hex[:6]}"
        settings = f'[tool.sundog]\nname = "{name}"\nregion = "{REGION}"\n'
        (root / "pyproject.toml").write_text(settings, "utf-8")
        app = RunningApp(root, cloud, portal, synth_worker)
        with portal.wrap_async_context_manager(app.serving()):
            yield app

    return start
