"""What a bucket's lifecycle rules let expire, and when.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

Rule: TypeAlias = dict[str, Any]
"""As `GetBucketLifecycleConfiguration` returns it."""

_DAY = 86_400


@dataclass(frozen=True)
class Version:
    """A version of an object, or the object itself in a bucket without versions."""

    key: str
    identity: str | None
    """None when the bucket keeps no versions."""
    modified: float
    """In seconds since the epoch, as all times here."""
    size: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    is_marker: bool = False
    """Whether it says that the object is deleted."""
    is_alone: bool = True
    """Whether the object has no other version."""
    noncurrent_since: float | None = None
    """None for the current version."""
    newer_noncurrent: int = 0
    """How many noncurrent versions are newer."""


def expires(rule: Rule, version: Version, now: float) -> bool:
    """Whether a version is to be removed by a rule.

    Args:
        rule: One of the bucket's.
        version: Which version.
        now: The time.
    """
    if rule.get("Status") != "Enabled" or not _is_meant(rule, version):
        return False
    if version.noncurrent_since is not None:
        return _is_old_version(rule.get("NoncurrentVersionExpiration") or {}, version, now)
    expiration = rule.get("Expiration") or {}
    if version.is_marker:
        # What it once hid is gone: the marker itself is of no use any more.
        return version.is_alone and (
            bool(expiration.get("ExpiredObjectDeleteMarker")) or _is_over(expiration, version.modified, now)
        )
    return _is_over(expiration, version.modified, now)


def is_given_up(rule: Rule, key: str, initiated: float, now: float) -> bool:
    """Whether an upload in parts is to be aborted by a rule.

    Args:
        rule: One of the bucket's.
        key: Of the object to be.
        initiated: When the upload began.
        now: The time.
    """
    days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    if rule.get("Status") != "Enabled" or days is None:
        return False
    return key.startswith(_criteria(rule)["Prefix"]) and now >= _end_of(initiated, int(days))


def _is_over(expiration: dict[str, Any], modified: float, now: float) -> bool:
    if "Days" in expiration:
        return now >= _end_of(modified, int(expiration["Days"]))
    if "Date" in expiration:
        return now >= moment(str(expiration["Date"]))
    return False


def _is_old_version(expiration: dict[str, Any], version: Version, now: float) -> bool:
    if "NoncurrentDays" not in expiration or version.noncurrent_since is None:
        return False
    kept = int(expiration.get("NewerNoncurrentVersions") or 0)
    over = now >= _end_of(version.noncurrent_since, int(expiration["NoncurrentDays"]))
    return over and version.newer_noncurrent >= kept


def _end_of(start: float, days: int) -> float:
    # S3 rounds up to the next midnight in UTC.
    return math.ceil((start + days * _DAY) / _DAY) * _DAY


def moment(text: str) -> float:
    """Return a date of the API in seconds since the epoch."""
    parsed = datetime.fromisoformat(text)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _criteria(rule: Rule) -> dict[str, Any]:
    """Return all conditions of a rule in one place, whichever of the API's forms they have."""
    given = rule.get("Filter") or {}
    both = given.get("And") or {}
    tags = [*both.get("Tags", ()), *([given["Tag"]] if "Tag" in given else ())]
    merged = {**given, **both}
    return {
        "Prefix": str(merged.get("Prefix") or rule.get("Prefix") or ""),
        "Tags": {tag["Key"]: tag["Value"] for tag in tags},
        "Greater": merged.get("ObjectSizeGreaterThan"),
        "Less": merged.get("ObjectSizeLessThan"),
    }


def _is_meant(rule: Rule, version: Version) -> bool:
    criteria = _criteria(rule)
    larger, smaller = criteria["Greater"], criteria["Less"]
    return (
        version.key.startswith(criteria["Prefix"])
        and criteria["Tags"].items() <= version.tags.items()
        and (larger is None or version.size > int(larger))
        and (smaller is None or version.size < int(smaller))
    )
