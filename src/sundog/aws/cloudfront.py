"""CloudFront: having a distribution forget what it has cached."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from sundog.aws.endpoint import AwsConnection


async def invalidate(connection: AwsConnection, distribution: str, paths: Sequence[str], token: str) -> str:
    """Have files forgotten; return the id of the invalidation, which takes a while to reach every edge.

    Args:
        connection: The way to the stage.
        distribution: Its id.
        paths: With a slash at the start; `/*` is everything, and counts as one path.
        token: The same token twice is one invalidation.
    """
    answer = await connection.call(
        "cloudfront",
        "create_invalidation",
        DistributionId=distribution,
        InvalidationBatch={
            "Paths": {"Quantity": len(paths), "Items": list(paths)},
            "CallerReference": token,
        },
    )
    return str(answer["Invalidation"]["Id"])


async def wait_for_invalidation(connection: AwsConnection, distribution: str, invalidation: str) -> None:
    """Return when an invalidation has reached every edge: usually within a minute or two."""
    delay = connection.pace.first
    while True:
        answer = await connection.call(
            "cloudfront", "get_invalidation", DistributionId=distribution, Id=invalidation
        )
        if answer["Invalidation"]["Status"] == "Completed":
            return
        await anyio.sleep(delay)
        delay = connection.pace.next(delay)
