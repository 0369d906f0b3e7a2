"""Publishing assets: code, nested templates and large templates are put where the templates look for them.

Keys are hashes of what the asset is made from, so what is there already is right and is not sent again.

Synth leaves a *placeholder* for the code of a function when it runs for `sundog dev`: the session runs the sources, and
packaging them would only cost time. A local stage gets the placeholder. Before anything goes to AWS, a placeholder is
built into what it stands for.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

import anyio.to_thread

from sundog.aws import s3
from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import RequestRefused
from sundog.aws.roles import Roles
from sundog.deploy.assembly import FileAsset
from sundog.deploy.concurrency import for_all
from sundog.errors import DeployError

_PLACEHOLDER = ["README.txt"]
"""What synth puts in place of code that is still to be built; no code looks like that."""

Builder: TypeAlias = Callable[[FileAsset], Awaitable[Path | None]]
"""Builds the code that a placeholder stands for; None when the asset is no function's of the manifest."""


class AssetMissing(DeployError):
    """A file or folder that a template refers to is not in the cloud assembly."""

    code = "SD-DEPLOY-007"


class AssetBucketMissing(DeployError):
    """The bucket for assets does not exist."""

    code = "SD-DEPLOY-008"


def is_placeholder(asset: FileAsset) -> bool:
    """Say whether an asset stands for code that is still to be built."""
    return asset.zipped and [file.name for file in asset.source.iterdir()] == _PLACEHOLDER


async def publish(connection: AwsConnection, assets: Iterable[FileAsset], build: Builder | None) -> int:
    """Upload the assets that are not there yet and return how many were.

    Args:
        connection: The way to the stage.
        assets: What the stacks to be deployed refer to.
        build: Builds placeholders; None publishes them as they are.

    Raises:
        AssetMissing: The assembly lacks a file.
        AssetBucketMissing: The bucket was removed.
    """
    roles = Roles(connection)
    unique = {(asset.bucket, asset.key): asset for asset in assets}

    async def one(asset: FileAsset) -> bool:
        acting = await roles.acting_as(asset.role_arn)
        if await s3.object_exists(acting, asset.bucket, asset.key):
            return False
        source = asset.source
        if not source.exists():
            raise AssetMissing(
                f"the asset `{asset.name}` is not in the cloud assembly",
                where=str(asset.source),
                fix="run the command again; synth writes the assembly anew",
            )
        if build is not None and is_placeholder(asset):
            source = await build(asset) or source
        try:
            await _upload(acting, asset, source)
        except RequestRefused as error:
            if error.aws_code != "NoSuchBucket":
                raise
            if connection.uses_bootstrap:
                raise _bucket_missing(asset) from error
            await s3.ensure_bucket(acting, asset.bucket)
            await _upload(acting, asset, source)
        return True

    return sum(await for_all(one, unique.values()))


def _bucket_missing(asset: FileAsset) -> AssetBucketMissing:
    return AssetBucketMissing(
        f"the bucket `{asset.bucket}` does not exist",
        where=f"asset {asset.name}",
        why="`cdk bootstrap` makes it, and it was removed since",
        fix="run `npx cdk bootstrap` for the account and region",
    )


async def _upload(connection: AwsConnection, asset: FileAsset, source: Path) -> None:
    if not asset.zipped:
        content_type = "application/json" if source.suffix == ".json" else None
        await s3.put_file(connection, asset.bucket, asset.key, source, content_type)
        return
    with tempfile.TemporaryDirectory(prefix="sundog-asset-") as folder:
        archive = Path(folder) / "asset.zip"
        await anyio.to_thread.run_sync(zip_folder, source, archive)
        await s3.put_file(connection, asset.bucket, asset.key, archive, "application/zip")


def zip_folder(source: Path, archive: Path) -> None:
    """Write a folder as a zip file whose bytes depend on names, content and the executable bit alone.

    Symbolic links are followed, as Lambda would find nothing behind them.
    """
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        for file in files_below(source):
            executable = os.access(file, os.X_OK)
            info = zipfile.ZipInfo(file.relative_to(source).as_posix(), (1980, 1, 1, 0, 0, 0))
            info.external_attr = (0o100755 if executable else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            # The size decides whether the entry needs the 64-bit format; zipfile cannot know it while streaming.
            with (
                file.open("rb") as content,
                out.open(info, "w", force_zip64=file.stat().st_size > 2**31 - 1) as entry,
            ):
                shutil.copyfileobj(content, entry, 1 << 20)


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those below it, in the order of their names."""
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        yield from (Path(parent) / name for name in sorted(files))
