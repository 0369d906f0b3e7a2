"""`sundog dev`: the app runs on this machine, follows every edit, and ends without a trace.

The parts and who starts whom::

    cloud ─┐
    synth ─┴─► deploy ─► live session ─► routes in the cloud ─► ready
      ▲                                                           │
      └──────────────── an edit of something synth read ◄─────────┘

The cloud and synth start side by side, because each takes a while and neither needs the other. A failure of the user's
app or of a deploy is said and waits for the next edit; a failure of the machine (a taken port, no room, a broken
installation) ends the command.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread

from sundog.aws.embedded.interface import LocalCloud
from sundog.deploy.engine import DeployResult
from sundog.deploy.synth.service import SynthResult, SynthService
from sundog.deploy.synth.validation import validate
from sundog.errors import SundogError, UnsupportedError
from sundog.live.session import LiveSession
from sundog.model.events import Notice, Observer, SessionReady
from sundog.model.manifest import Manifest
from sundog.model.project import Project, Stage
from sundog.session.cloud import StageCloud, credentials_from, local_cloud, reach
from sundog.session.deploying import deploy_to
from sundog.session.edits import Edits
from sundog.session.languages import open_live_session
from sundog.session.lock import SessionNote, hold_stage, write_note
from sundog.session.options import DevOptions
from sundog.session.outage import Outages
from sundog.session.recording import Recording, recorded
from sundog.session.scripts import route_scripts
from sundog.session.secrets import SecretChanges, learn_secrets, renew_readers
from sundog.session.sites import Sites, uploads_of
from sundog.session.types import write_types
from sundog.session.warnings import warn_of


class LiveNeedsTheLocalStage(UnsupportedError):
    """`sundog dev` serves the local stage only.

    Live development of resources in an AWS account needs a bridge between the account and this machine.
    """

    code = "SD-UNSUPPORTED-011"


async def run_dev(project: Project, stage: Stage, *, observer: Observer, options: DevOptions) -> None:
    """Serve a stage until cancelled.

    Args:
        project: The app's folder.
        stage: The local stage.
        observer: Told of all that happens, from one thread.
        options: What was asked for.

    Raises:
        LiveNeedsTheLocalStage: The stage lives in AWS.
        StageBusy: Another sundog process works on it.
        CloudError: The embedded cloud cannot be installed or started.
    """
    if not stage.is_local:
        raise LiveNeedsTheLocalStage(
            f"`sundog dev` cannot serve the stage `{stage.name}`",
            why="it lives in AWS, and this version serves the local stage only",
            fix=["run `sundog dev` for the local stage", f"or `sundog deploy --stage {stage.name}`"],
        )
    note = SessionNote(pid=os.getpid(), command="dev", started_at=time.time())
    with hold_stage(project.stage_dir(stage.name), note), recorded(project, stage, observer) as told:
        await DevSession(project, stage, told, options, note).run()


class DevSession:
    """One run of `sundog dev`."""

    def __init__(
        self, project: Project, stage: Stage, observer: Recording, options: DevOptions, note: SessionNote
    ) -> None:
        """Describe a session; nothing is started."""
        self._project = project
        self._stage = stage
        self._observer = observer
        self._options = options
        self._note = note
        self._begun = time.monotonic()
        self._announced = False
        self._synthesized: SynthResult | None = None
        """The last good one."""
        self._deployed: DeployResult | None = None
        self._edits = Edits()
        self._sites: Sites | None = None
        self._validating = anyio.CancelScope()
        self._secret_changes = SecretChanges(project.stage_dir(stage.name))

    async def run(self) -> None:
        """Serve until cancelled; everything that was started is ended again."""
        cloud = local_cloud(self._project, self._stage, self._observer, port=self._options.port)
        try:
            async with SynthService(self._project, self._observer).running() as synth:
                synth.on_doubt = self._edits.last_synth_was_wrong
                await self._run(cloud, synth)
        finally:
            await cloud.stop()

    async def _run(self, cloud: LocalCloud, synth: SynthService) -> None:
        # The first synth runs while the cloud starts; its failure is said by the service and is no reason to end.
        async with anyio.create_task_group() as starting:
            starting.start_soon(self._synthesize, synth, "start")
            await cloud.start()
            if self._options.reset:
                await cloud.reset()
            reached = reach(self._stage, cloud)
            await reached.connection.warm("cloudformation", "lambda", "sts")
        write_note(self._project.stage_dir(self._stage.name), self._with_endpoint(cloud))

        async with (
            open_live_session(
                self._project,
                self._stage,
                observer=self._observer,
                credentials=credentials_from(reached.connection),
                endpoint_url=cloud.endpoint_url,
                options=self._options,
                redactor=self._observer.redactor,
            ) as live,
            anyio.create_task_group() as tasks,
        ):
            self._sites = Sites(self._project, reached, live, self._observer, tasks)
            live.files_changed = self._edited
            tasks.start_soon(self._keep_cloud, cloud, live)
            tasks.start_soon(self._keep_deployed, cloud, reached, synth, live)
            tasks.start_soon(self._follow_secrets, reached, live)

    async def _keep_deployed(
        self, cloud: LocalCloud, reached: StageCloud, synth: SynthService, live: LiveSession
    ) -> None:
        """Deploy what the first synth gave, then synthesize and deploy after each edit that concerns it."""
        async with anyio.create_task_group() as beside:
            while True:
                if self._synthesized is not None:
                    await self._deploy(self._synthesized, cloud, reached, live)
                    beside.start_soon(self._save, cloud)
                    beside.start_soon(self._validate, self._synthesized)
                # The next synth is an edit's, which should find everything loaded.
                synth.prewarm(self._stage)
                while (edited := await self._edits.next_concerning(synth.edited)) is not None:
                    # The templates that are being checked are about to be others.
                    self._validating.cancel()
                    if await self._synthesize_edited(synth, edited):
                        break

    def _edited(self, paths: Sequence[Path]) -> None:
        self._edits.add(paths)
        if self._sites is not None:
            self._sites.edited(paths)

    async def _save(self, cloud: LocalCloud) -> None:
        """Save the stage as it was deployed: a cloud that is killed comes back with the same addresses."""
        try:
            await cloud.snapshot()
        except SundogError as error:
            text = f"the local stage could not be saved: {error.why or error.what}"
            self._observer(Notice(at=time.time(), level="warning", text=text, fix="\n".join(error.fixes)))

    async def _follow_secrets(self, reached: StageCloud, live: LiveSession) -> None:
        """Start functions anew when a secret that they read is changed: what they keep of it is out of date."""
        while True:
            names = await self._secret_changes.next()
            if self._synthesized is None:
                continue
            manifest = self._synthesized.manifest
            await self._learn_secrets(reached)
            readers = renew_readers(live, manifest, names)
            if readers:
                text = f"{', '.join(sorted(names))} changed: {', '.join(entry.name for entry in readers)} start anew"
                self._observer(Notice(at=time.time(), level="info", text=text))

    async def _learn_secrets(self, reached: StageCloud) -> None:
        """Keep the values of the app's secrets out of all that is written and shown."""
        if self._synthesized is not None:
            await learn_secrets(reached.connection, self._synthesized.manifest, self._observer)

    async def _validate(self, synthesized: SynthResult) -> None:
        """Check the templates in the background, as every deploy to AWS does beforehand."""
        with anyio.CancelScope() as self._validating:
            issues = await validate(self._project, self._stage, synthesized.assembly, synthesized.manifest)
            warn_of(issues, self._observer)

    async def _synthesize(self, synth: SynthService, reason: str) -> bool:
        try:
            self._synthesized = await synth.synth(self._stage, mode="dev", reason=reason)
        except SundogError:
            # The service has told the observer; the next edit is the user's answer.
            return False
        await self._write_types(self._synthesized.manifest)
        return True

    async def _synthesize_edited(self, synth: SynthService, edited: str) -> bool:
        return await self._edits.unless_edited_again(
            {edited, self._project.app_file.name}, lambda: self._synthesize(synth, edited)
        )

    async def _write_types(self, manifest: Manifest) -> None:
        try:
            await anyio.to_thread.run_sync(write_types, self._project, manifest)
        except OSError as error:
            # A full disk, for one. The app runs without them.
            text = f"the types for editors could not be written: {error.strerror or error}"
            self._observer(Notice(at=time.time(), level="warning", text=text))

    async def _deploy(
        self, synthesized: SynthResult, cloud: LocalCloud, reached: StageCloud, live: LiveSession
    ) -> None:
        # Scripts run while the app is deployed, and print as other functions do.
        await self._learn_secrets(reached)
        try:
            await route_scripts(live, cloud, reached.connection, synthesized.manifest)
            self._deployed = await deploy_to(
                reached,
                self._project,
                self._stage,
                synthesized,
                observer=self._observer,
                previous=self._deployed,
                served=uploads_of(synthesized.manifest),
            )
        except SundogError:
            # As above: DeployFinished carries the error.
            self._deployed = None
            return
        for function in self._deployed.functions:
            self._observer.redactor.add_environment(function.environment)
        try:
            await live.set_functions(self._deployed.functions)
        except SundogError as error:
            self._observer(Notice(at=time.time(), level="error", text=error.what, fix="\n".join(error.fixes)))
            return
        await self._route(cloud, live, self._deployed)
        if self._sites is not None:
            self._sites.deployed(synthesized.manifest, self._deployed)
        if not self._announced:
            self._announced = True
            self._observer(self._ready(cloud, self._deployed))

    async def _route(self, cloud: LocalCloud, live: LiveSession, deployed: DeployResult) -> None:
        await cloud.route(
            [function.physical_name for function in deployed.functions],
            live.direct_url,
            live.token,
            enforce_deadline=not self._options.debug,
        )

    async def _keep_cloud(self, cloud: LocalCloud, live: LiveSession) -> None:
        """Start the cloud again when it ends by itself, and everything that it may have forgotten."""
        outages = Outages()
        while True:
            status = await cloud.wait_exit()
            outages.note(status)
            self._observer(
                Notice(
                    at=time.time(),
                    level="warning",
                    text=f"the embedded cloud ended with status {status} and is started again from its last snapshot",
                )
            )
            await cloud.start()
            if self._deployed is not None:
                await self._route(cloud, live, self._deployed)
                self._deployed = None
            self._edits.cloud_was_restarted()

    def _with_endpoint(self, cloud: LocalCloud) -> SessionNote:
        return SessionNote(
            pid=self._note.pid,
            command=self._note.command,
            started_at=self._note.started_at,
            endpoint_url=cloud.endpoint_url,
        )

    def _ready(self, cloud: LocalCloud, deployed: DeployResult) -> SessionReady:
        return SessionReady(
            at=time.time(),
            stage=self._stage.name,
            endpoint_url=cloud.endpoint_url,
            outputs=deployed.outputs,
            duration_ms=(time.monotonic() - self._begun) * 1000,
        )
