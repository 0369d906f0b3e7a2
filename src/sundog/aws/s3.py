"""S3: what publishing assets takes."""

from __future__ import annotations

from pathlib import Path

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
