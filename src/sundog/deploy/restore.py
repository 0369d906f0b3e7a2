"""Bringing back what a deploy has put into buckets and databases, for tests that begin with the app as it was deployed."""

from __future__ import annotations

import msgspec

from sundog.aws import s3
from sundog.aws.cloudformation import StackState, describe_stack
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.concurrency import for_all
from sundog.deploy.migrations.renew import renew_database
from sundog.deploy.migrations.run import database_target
from sundog.deploy.report import Report
from sundog.deploy.uploads.transfer import Uploader
from sundog.model.manifest import DatabaseEntry, Manifest, UploadEntry
from sundog.model.project import Project
from sundog.model.uploads import UploadTarget

FilesOfBuckets = dict[str, dict[str, str]]
"""ETags by the names of objects, by the names of buckets."""


class Restorer:
    """Knows what a deploy has put where; for stages on this machine only."""

    def __init__(
        self, connection: AwsConnection, project: Project, manifest: Manifest, report: Report
    ) -> None:
        """Take the way to the stage, and what was deployed there.

        Args:
            connection: The way to the stage.
            project: The app's folder.
            manifest: What synth knows about the app.
            report: Is told of what had to be sent again.
        """
        self._connection = connection
        self._root = project.root
        self._manifest = manifest
        self._uploader = Uploader(connection, report, project.root, report.rewrite_url)

    async def files(self) -> FilesOfBuckets:
        """Return the objects that sites and the contents of buckets consist of."""
        found: FilesOfBuckets = {}
        for entry, target in await self._uploads():
            files = await self._uploader.read(entry, target)
            found.setdefault(target.bucket, {}).update({file.key: file.etag for file in files})
        return found

    async def restore(self) -> None:
        """Send again what is missing of these, and make all databases as their migrations leave them.

        Raises:
            SundogError: A database is in use, or a migration failed.
        """
        for entry, target in await self._uploads():
            files = await self._uploader.read(entry, target)
            present = await s3.list_objects(self._connection, target.bucket, entry.prefix)
            if any(present.get(file.key) != file.etag for file in files):
                # It was built by the deploy.
                await self._uploader.upload(msgspec.structs.replace(entry, build_command=None), target)
        states = await self._states({entry.stack for entry in self._manifest.databases})

        async def renew(entry: DatabaseEntry) -> None:
            target = database_target(entry, states)
            if target is not None:
                await renew_database(self._connection, self._root, entry, target)

        await for_all(renew, self._manifest.databases)

    async def _uploads(self) -> list[tuple[UploadEntry, UploadTarget]]:
        states = await self._states({entry.stack for entry in self._manifest.uploads})
        return [
            (entry, target)
            for entry in self._manifest.uploads
            if (target := self._uploader.target(entry, states)) is not None
        ]

    async def _states(self, stacks: set[str]) -> dict[str, StackState]:
        states = {name: await describe_stack(self._connection, name) for name in sorted(stacks)}
        return {name: state for name, state in states.items() if state is not None}
