"""S3: what publishing assets and the files of sites takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from sundog.aws.endpoint import AwsConnection
from sundog.aws.errors import AccessDenied, RequestRefused

_MISSING = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchBucket"})


async def object_exists(connection: AwsConnection, bucket: str, key: str) -> bool:
    """Say whether an object is there; a bucket that is missing has none."""
    try:
        await connection.call("s3", "head_object", Bucket=bucket, Key=key)
    except RequestRefused as error:
        if error.aws_code in _MISSING:
            return False
        raise
    except AccessDenied:
        # Without s3:ListBucket, S3 answers 403 for a missing object; writing it will tell the two apart.
        return False
    return True


async def put_file(
    connection: AwsConnection, bucket: str, key: str, file: Path, content_type: str | None
) -> None:
    """Upload a file. Lambda packages and templates stay far below the 5 GB of a single PUT."""
    kind = {"ContentType": content_type} if content_type else {}
    with file.open("rb") as body:
        await connection.call("s3", "put_object", Bucket=bucket, Key=key, Body=body, **kind)


async def put_bytes(connection: AwsConnection, bucket: str, key: str, body: bytes, content_type: str) -> None:
    """Upload what is in memory."""
    await connection.call("s3", "put_object", Bucket=bucket, Key=key, Body=body, ContentType=content_type)


async def ensure_bucket(connection: AwsConnection, bucket: str) -> None:
    """Create a bucket when it is not there."""
    # us-east-1 is the one region that must not be named.
    place = (
        {}
        if connection.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": connection.region}}
    )
    try:
        await connection.call("s3", "create_bucket", Bucket=bucket, **place)
    except RequestRefused as error:
        if error.aws_code != "BucketAlreadyOwnedByYou":
            raise


def object_url(connection: AwsConnection, bucket: str, key: str) -> str:
    """Return the URL of an object that CloudFormation can read."""
    if connection.endpoint_url is not None:
        return f"{connection.endpoint_url.rstrip('/')}/{bucket}/{key}"
    suffix = "amazonaws.com.cn" if connection.region.startswith("cn-") else "amazonaws.com"
    return f"https://{bucket}.s3.{connection.region}.{suffix}/{key}"


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """An object's headers."""

    content_type: str
    cache_control: str | None


async def list_objects(connection: AwsConnection, bucket: str, prefix: str = "") -> dict[str, str]:
    """Return the ETags of a bucket's objects by key; a bucket that is missing has none."""
    found: dict[str, str] = {}
    more: dict[str, str] = {}
    while True:
        try:
            page = await connection.call("s3", "list_objects_v2", Bucket=bucket, Prefix=prefix, **more)
        except RequestRefused as error:
            if error.aws_code in _MISSING:
                return found
            raise
        found |= {item["Key"]: item["ETag"].strip('"') for item in page.get("Contents", [])}
        if not page.get("IsTruncated"):
            return found
        more = {"ContinuationToken": page["NextContinuationToken"]}


async def stored_object(connection: AwsConnection, bucket: str, key: str) -> StoredObject:
    """Return the headers of an object."""
    head = await connection.call("s3", "head_object", Bucket=bucket, Key=key)
    return StoredObject(content_type=head.get("ContentType", ""), cache_control=head.get("CacheControl"))


async def put_object(
    connection: AwsConnection, bucket: str, key: str, body: Path | bytes, headers: StoredObject
) -> None:
    """Upload a file, or what is in memory, with its headers."""
    more = {} if headers.cache_control is None else {"CacheControl": headers.cache_control}
    arguments = {"Bucket": bucket, "Key": key, "ContentType": headers.content_type, **more}
    if isinstance(body, bytes):
        await connection.call("s3", "put_object", Body=body, **arguments)
        return
    with body.open("rb") as stream:
        await connection.call("s3", "put_object", Body=stream, **arguments)


async def delete_objects(connection: AwsConnection, bucket: str, keys: Sequence[str]) -> None:
    """Delete objects, a thousand with each request."""
    for start in range(0, len(keys), 1000):
        objects = [{"Key": key} for key in keys[start : start + 1000]]
        await connection.call(
            "s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
        )


async def empty_bucket(connection: AwsConnection, bucket: str) -> None:
    """Delete all that is in a bucket, older versions included; nothing happens when there is no such bucket."""
    more: dict[str, str] = {}
    while True:
        try:
            page = await connection.call("s3", "list_object_versions", Bucket=bucket, **more)
        except RequestRefused as error:
            if error.aws_code in _MISSING:
                return
            raise
        versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for start in range(0, len(versions), 1000):
            objects = [
                {"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions[start : start + 1000]
            ]
            await connection.call(
                "s3", "delete_objects", Bucket=bucket, Delete={"Objects": objects, "Quiet": True}
            )
        if not page.get("IsTruncated"):
            return
        more = {
            "KeyMarker": page["NextKeyMarker"],
            "VersionIdMarker": page["NextVersionIdMarker"],
        }
