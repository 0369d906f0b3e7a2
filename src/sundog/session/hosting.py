"""Several apps at a time on one local cloud, each with a live session of its own: what tests need.

`sundog dev` serves one app and follows its edits by itself. A host deploys when it is told to, and returns when that is
done, so that a test knows what it meets.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from secrets import token_urlsafe
from typing import Self

import anyio

from sundog.aws.cloudformation import stack_resources
from sundog.aws.embedded.interface import LocalCloud
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.engine import DeployResult, remove
from sundog.deploy.report import Report
from sundog.deploy.restore import FilesOfBuckets, Restorer
from sundog.deploy.synth.interpreter import app_python
from sundog.deploy.synth.service import SynthResult, SynthService
from sundog.deploy.synth.worker import SynthWorker
from sundog.live.bridge.direct import DirectBridge
from sundog.live.session import LiveSession, UnknownFunction
from sundog.model.events import Observer
from sundog.model.functions import DeployedFunction, Invocation, InvocationResult
from sundog.model.project import Project, Stage
from sundog.session.cloud import StageCloud, credentials_from, reach
from sundog.session.deploying import deploy_to
from sundog.session.languages import open_live_session
from sundog.session.options import DevOptions
from sundog.session.scripts import expect_scripts
from sundog.session.secrets import Secrets, renew_readers


class AppHost:
    """One local cloud and all apps on it. Use as an async context manager."""

    def __init__(self, cloud: LocalCloud, stage: Stage, *, options: DevOptions | None = None) -> None:
        """Describe a host; nothing is started.

        Args:
            cloud: Started and stopped by the host.
            stage: The local stage, the same for all apps.
            options: How functions run.
        """
        self.cloud = cloud
        self.stage = stage
        self.options = options or DevOptions(watch=False)
        self._token = token_urlsafe(32)
        self._direct = DirectBridge(self._invoke, self._token)
        self._sessions: dict[str, LiveSession] = {}
        """By the physical name of a function."""
        self._finding: set[LiveSession] = set()
        self._workers: dict[str, SynthWorker] = {}
        self._synthesizing = anyio.Lock()

    async def __aenter__(self) -> Self:
        """Start the cloud, with nothing in it."""
        await self.cloud.start()
        await self.cloud.reset()
        await self._direct.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End everything."""
        with anyio.CancelScope(shield=True):
            self._direct.close()
            for worker in self._workers.values():
                await worker.close()
            await self.cloud.stop()

    def reached(self) -> StageCloud:
        """Return the way to the cloud."""
        return reach(self.stage, self.cloud)

    @contextlib.asynccontextmanager
    async def app(self, project: Project, observer: Observer) -> AsyncIterator[HostedApp]:
        """Serve an app for the length of a block; it is not deployed yet."""
        reached = self.reached()
        async with open_live_session(
            project,
            self.stage,
            observer=observer,
            credentials=credentials_from(reached.connection),
            endpoint_url=self.cloud.endpoint_url,
            options=self.options,
        ) as live:
            yield HostedApp(self, project, reached, live, observer)

    async def serve(self, live: LiveSession, functions: list[DeployedFunction]) -> None:
        """Send the events of these functions, and no others, to a live session."""
        await live.set_functions(functions)
        self._finding.discard(live)
        await self._route(live, functions)

    async def find(self, live: LiveSession) -> None:
        """Send the events of functions that nobody knows to a live session, too, until it is told what it serves."""
        self._finding.add(live)
        await self._route(live, [pool.function for pool in live.pools])

    async def forget(self, live: LiveSession) -> None:
        """Send no more events to a live session."""
        await self._route(live, [])

    async def _route(self, live: LiveSession, functions: list[DeployedFunction]) -> None:
        others = {name: one for name, one in self._sessions.items() if one is not live}
        self._sessions = others | {function.physical_name: live for function in functions}
        await self.cloud.route(
            self._sessions,
            self._direct.url,
            self._token,
            enforce_deadline=not self.options.debug,
            finds_functions=bool(self._finding),
        )

    async def synthesize(self, project: Project, observer: Observer, reason: str) -> SynthResult:
        """Synthesize an app; all apps of the host share the process that has loaded the CDK."""
        python = app_python(project.root)
        worker = self._workers.get(python)
        if worker is None:
            worker = self._workers[python] = SynthWorker(python=python, fork=sys.platform == "linux")
        async with self._synthesizing:
            return await SynthService(project, observer, worker=worker).synth(
                self.stage, mode="dev", reason=reason
            )

    async def _invoke(self, invocation: Invocation) -> InvocationResult:
        live = self._sessions.get(invocation.physical_name)
        for candidate in [live] if live is not None else list(self._finding):
            if candidate is live or await candidate.has(invocation.physical_name):
                return await candidate.invoke(invocation)
        raise UnknownFunction(f"no app here has the function `{invocation.physical_name}`")


class HostedApp:
    """One app on a host."""

    def __init__(
        self, host: AppHost, project: Project, reached: StageCloud, live: LiveSession, observer: Observer
    ) -> None:
        """Describe an app that is not deployed."""
        self.project = project
        self.live = live
        self._host = host
        self._reached = reached
        self._observer = observer
        self._synthesized: SynthResult | None = None
        self._deployed: DeployResult | None = None

    @property
    def connection(self) -> AwsConnection:
        """The way to the app's resources."""
        return self._reached.connection

    @property
    def synthesized(self) -> SynthResult:
        """The last synth."""
        assert self._synthesized is not None  # noqa: S101 - whoever hands out an app has deployed it
        return self._synthesized

    @property
    def deployed(self) -> DeployResult:
        """The last deploy."""
        assert self._deployed is not None  # noqa: S101 - as above
        return self._deployed

    async def deploy(self, reason: str = "start") -> DeployResult:
        """Synthesize, deploy what changed, and serve the functions.

        Raises:
            SundogError: The app is wrong, or something could not be deployed.
        """
        self._synthesized = await self._host.synthesize(self.project, self._observer, reason)
        if expect_scripts(self.live, self.connection, self._synthesized.manifest):
            await self._host.find(self.live)
        self._deployed = await deploy_to(
            self._reached,
            self.project,
            self._host.stage,
            self._synthesized,
            observer=self._observer,
            previous=self._deployed,
        )
        await self._host.serve(self.live, self._deployed.functions)
        return self._deployed

    async def deployed_files(self) -> FilesOfBuckets:
        """Return the objects in buckets that the deploy has put there."""
        return await self._restorer().files()

    async def restore(self) -> None:
        """Bring back what of these is missing, and make databases as their migrations leave them.

        Raises:
            SundogError: A database is in use, or a migration failed.
        """
        await self._restorer().restore()

    def _restorer(self) -> Restorer:
        manifest = self.synthesized.manifest
        report = Report(self.project, manifest, self._observer, rewrite_url=self._reached.rewrite_url)
        return Restorer(self.connection, self.project, manifest, report)

    async def remove(self) -> None:
        """Remove the app's stacks.

        Raises:
            SundogError: A stack could not be removed.
        """
        if self._synthesized is not None:
            await remove(
                self.project,
                self._host.stage,
                self._synthesized.manifest,
                self.connection,
                observer=self._observer,
            )
        await self._host.forget(self.live)

    async def changed(self, *paths: Path) -> None:
        """Let functions that had loaded one of these files start anew."""
        self.live.changed(frozenset(paths))

    async def set_secret(self, name: str, value: str) -> None:
        """Give a secret of the stage its value; functions that it is bound to start anew."""
        secrets = Secrets(self.connection, self.project, self._host.stage, fallback=False)
        await secrets.set({name: value})
        renew_readers(self.live, self.synthesized.manifest, {name})

    async def physical_ids(self, stack: str) -> dict[str, str]:
        """Return what the cloud calls the resources of a stack, by logical id."""
        return {one.logical_id: one.physical_id for one in await stack_resources(self.connection, stack)}
