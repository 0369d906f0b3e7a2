"""Bringing a bucket to the state of a folder: what differs is sent, what is gone is deleted, caches forget the old.

What is there is asked each time, so that it is never wrong: names and contents from the bucket's list (the ETag of an
object is the MD5 of its content), headers from each object whose content is right already. Pages are sent after the files that
they refer to, and old files are deleted last.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec

from sundog.aws import cloudfront, s3
from sundog.aws.cloudformation import StackState
from sundog.aws.endpoint import AwsConnection
from sundog.deploy.concurrency import for_all
from sundog.deploy.report import Report
from sundog.deploy.uploads.build import build_site, check_files
from sundog.deploy.uploads.files import UploadFile, read_files
from sundog.model.manifest import UploadEntry
from sundog.model.uploads import UploadTarget, read_target

_AT_ONCE = 24
"""Files under way; each is open meanwhile."""


class Uploader:
    """Uploads to one stage."""

    def __init__(
        self,
        connection: AwsConnection,
        report: Report,
        root: Path,
        rewrite_url: Callable[[str], str] | None = None,
    ) -> None:
        """Take the way to the stage, who is told, and the folder of the project.

        Args:
            connection: The way to the stage.
            report: Is told what was done.
            root: Folder of the project.
            rewrite_url: Makes an address that answers from one that only would in AWS.
        """
        self._connection = connection
        self._report = report
        self._root = root
        self._at_once = anyio.CapacityLimiter(_AT_ONCE)
        self._rewrite = rewrite_url or (lambda text: text)

    def target(self, entry: UploadEntry, states: Mapping[str, StackState]) -> UploadTarget | None:
        """Return what the deployed stack says about an upload; None when the stack is not deployed."""
        state = states.get(entry.stack)
        for output in state.outputs if state is not None else ():
            if output.key == entry.output:
                target = read_target(output.value)
                filled = {name: self._rewrite(value) for name, value in target.environment.items()}
                return msgspec.structs.replace(target, environment=filled)
        return None

    async def upload_all(self, entries: Iterable[UploadEntry], states: Mapping[str, StackState]) -> None:
        """Build and upload everything whose stack is deployed.

        Raises:
            SundogError: A build or an upload failed; `SeveralErrors` when more than one did.
        """
        await for_all(
            lambda pair: self.upload(*pair),
            [(entry, target) for entry in entries if (target := self.target(entry, states)) is not None],
        )

    async def upload(self, entry: UploadEntry, target: UploadTarget) -> None:
        """Build what is to be built, and bring the bucket to the state of the folder.

        Raises:
            SiteBuildFailed: The build failed.
            SiteFileMissing: The folder, or a page that is needed, is not there.
            AwsError: S3 or CloudFront refused.
        """
        began = self._report.elapsed_ms
        if entry.build_command is not None:
            await build_site(
                self._root, entry, target.environment, lambda line: self._report.site_output(entry.name, line)
            )
        files = await self.read(entry, target)
        present = await s3.list_objects(self._connection, target.bucket, entry.prefix)
        changed = await self._changed(target.bucket, files, present)
        await self._send(target.bucket, [file for file in changed if not file.is_page])
        await self._send(target.bucket, [file for file in changed if file.is_page])
        gone = sorted(present.keys() - {file.key for file in files}) if entry.purge else []
        await s3.delete_objects(self._connection, target.bucket, gone)
        if target.distribution is not None and (changed or gone):
            await self._forget(target.distribution, files, wait=entry.wait)
        self._report.upload_finished(
            entry, began, uploaded=len(changed), removed=len(gone), unchanged=len(files) - len(changed)
        )

    async def read(self, entry: UploadEntry, target: UploadTarget) -> list[UploadFile]:
        """Return the files as they are to be in the bucket; what is to be built has been.

        Raises:
            SiteFileMissing: The folder, or a page that is needed, is not there.
        """
        await anyio.to_thread.run_sync(check_files, self._root, entry)
        return await anyio.to_thread.run_sync(read_files, self._root, entry, target.environment)

    async def _changed(
        self, bucket: str, files: list[UploadFile], present: Mapping[str, str]
    ) -> list[UploadFile]:
        async def differs(file: UploadFile) -> bool:
            if present.get(file.key) != file.etag:
                return True
            return await s3.stored_object(self._connection, bucket, file.key) != _headers(file)

        different = await for_all(differs, files)
        return [file for file, is_different in zip(files, different, strict=True) if is_different]

    async def _send(self, bucket: str, files: list[UploadFile]) -> None:
        async def send(file: UploadFile) -> None:
            body = file.path if file.content is None else file.content
            async with self._at_once:
                await s3.put_object(self._connection, bucket, file.key, body, _headers(file))

        await for_all(send, files)

    async def _forget(self, distribution: str, files: list[UploadFile], *, wait: bool) -> None:
        # The same files again are another change all the same: the deploy is part of the token.
        state = hashlib.sha256("".join(f"{file.key} {file.etag}\n" for file in files).encode()).hexdigest()
        token = f"{self._report.deploy_id}-{state[:16]}"
        # One path, of which a thousand a month cost nothing; and folders have names without their index page.
        invalidation = await cloudfront.invalidate(self._connection, distribution, ["/*"], token)
        if wait:
            await cloudfront.wait_for_invalidation(self._connection, distribution, invalidation)


def _headers(file: UploadFile) -> s3.StoredObject:
    return s3.StoredObject(content_type=file.content_type, cache_control=file.cache_control)
