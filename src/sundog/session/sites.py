"""The sites of a live session: dev servers that run beside it, and uploads that follow edits.

A site with a `dev_command` is served by that command, with the addresses of the deployed app in its environment. The command is
started by the process that starts the session's workers, so that it cannot outlive the session. Any other site is built and
uploaded to the embedded cloud, again after each edit in its folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import anyio.abc

from sundog.deploy.engine import DeployResult
from sundog.deploy.report import Report
from sundog.deploy.uploads.transfer import Uploader
from sundog.errors import SundogError
from sundog.live.session import LiveSession
from sundog.model.events import Notice, Observer
from sundog.model.manifest import Manifest, UploadEntry
from sundog.model.project import Project
from sundog.model.uploads import UploadTarget
from sundog.session.cloud import StageCloud
from sundog.session.dev_server import DevServer


def uploads_of(manifest: Manifest) -> list[str]:
    """Return the ids of the uploads that a session makes itself, so that no deploy waits for a build."""
    return [entry.id for entry in manifest.uploads]


class Sites:
    """All sites of a session."""

    def __init__(
        self,
        project: Project,
        reached: StageCloud,
        live: LiveSession,
        observer: Observer,
        tasks: anyio.abc.TaskGroup,
    ) -> None:
        """Take what runs and shows sites; nothing is started.

        Args:
            project: Where the sources are.
            reached: The way to the stage's cloud.
            live: Starts programs that end with the session.
            observer: Told of what servers and builds say.
            tasks: Runs what goes on beside the session; cancelled with it.
        """
        self._project = project
        self._reached = reached
        self._live = live
        self._observer = observer
        self._tasks = tasks
        self._servers: dict[str, _Running] = {}
        self._uploads: dict[str, _Upload] = {}

    def deployed(self, manifest: Manifest, result: DeployResult) -> None:
        """Start, renew and end what the app's sites need after a deploy."""
        uploader = Uploader(
            self._reached.connection,
            Report(self._project, manifest, self._observer),
            self._project.root,
            self._reached.rewrite_url,
        )
        states = {name: stack.state for name, stack in result.stacks.items()}
        wanted = {}
        for entry in manifest.uploads:
            target = uploader.target(entry, states)
            if target is not None:
                wanted[entry.id] = (entry, target)
        for identity in self._servers.keys() - {
            one for one, (entry, _) in wanted.items() if entry.dev_command
        }:
            self._servers.pop(identity).scope.cancel()
        for identity in self._uploads.keys() - {
            one for one, (entry, _) in wanted.items() if not entry.dev_command
        }:
            self._uploads.pop(identity)
        for entry, target in wanted.values():
            if entry.dev_command:
                self._serve(entry, target.environment)
            else:
                self._upload(uploader, entry, target)

    def edited(self, paths: Sequence[Path]) -> None:
        """Upload sites again that have these files."""
        for upload in self._uploads.values():
            if any(upload.has(path) for path in paths):
                self._tasks.start_soon(upload.run)

    def _serve(self, entry: UploadEntry, environment: Mapping[str, str]) -> None:
        running = self._servers.get(entry.id)
        wanted = (entry.dev_command, entry.source, dict(environment))
        if running is not None:
            if running.started_as == wanted:
                return
            running.scope.cancel()
        scope = anyio.CancelScope()
        self._servers[entry.id] = _Running(scope, wanted)
        server = DevServer(
            name=entry.name,
            command=str(entry.dev_command),
            folder=self._project.root / entry.source,
            environ={**os.environ, **environment},
            spawn=self._live.spawn,
            observer=self._observer,
        )

        async def serve() -> None:
            with scope:
                await server.run()

        self._tasks.start_soon(serve)

    def _upload(self, uploader: Uploader, entry: UploadEntry, target: UploadTarget) -> None:
        upload = self._uploads.get(entry.id)
        if upload is None:
            upload = self._uploads[entry.id] = _Upload(self._project.root, self._observer)
        if upload.describe(uploader, entry, target):
            self._tasks.start_soon(upload.run)


class _Running:
    def __init__(self, scope: anyio.CancelScope, started_as: tuple[str | None, str, dict[str, str]]) -> None:
        self.scope = scope
        self.started_as = started_as


class _Upload:
    """One upload; edits that come while it is under way are uploaded by another round of it."""

    def __init__(self, root: Path, observer: Observer) -> None:
        self._root = root.resolve()
        self._observer = observer
        self._uploader: Uploader | None = None
        self._what: tuple[UploadEntry, UploadTarget] | None = None
        self._due = False
        self._busy = False

    def describe(self, uploader: Uploader, entry: UploadEntry, target: UploadTarget) -> bool:
        """Take what is to be uploaded where; return whether that differs from before."""
        before, self._what, self._uploader = self._what, (entry, target), uploader
        return before != self._what

    def has(self, path: Path) -> bool:
        """Say whether an edit of a file concerns the upload; what a build makes does not."""
        if self._what is None:
            return False
        entry, _ = self._what
        source, folder = self._root / entry.source, self._root / entry.folder
        made = entry.build_command is not None and source != folder and path.is_relative_to(folder)
        return path.is_relative_to(source) and not made

    async def run(self) -> None:
        """Upload, and once more for what was edited meanwhile."""
        self._due = True
        if self._busy:
            return
        self._busy = True
        try:
            while self._due and self._what is not None and self._uploader is not None:
                self._due = False
                await self._once(self._uploader, *self._what)
        finally:
            self._busy = False

    async def _once(self, uploader: Uploader, entry: UploadEntry, target: UploadTarget) -> None:
        try:
            await uploader.upload(entry, target)
        except SundogError as error:
            # The next edit is the user's answer, as with a deploy that failed.
            text = error.what if error.why is None else f"{error.what}: {error.why}"
            fix = "\n".join(error.fixes) or None
            self._observer(Notice(at=time.time(), level="error", text=text, fix=fix))
