"""Lifecycle rules are kept, and nothing expires; a rule that has a `Prefix` and no `Filter` is kept as one for all objects.

What is removed by a rule is told to the bucket's notifications as `s3:LifecycleExpiration:*`, as on AWS:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

from .bucket_expiry import Version, expires, is_given_up, moment

MODULE = "ministack.services.s3"
VERSIONS = frozenset({"1.5.33"})

_SECONDS_BETWEEN_SWEEPS = 10.0
"""S3 looks once a day; whoever sets a date waits for it here."""
_SPACE = "{http://s3.amazonaws.com/doc/2006-03-01/}"

_by_rule: ContextVar[bool] = ContextVar("removed_by_lifecycle_rule", default=False)


def mend(module: Any) -> None:
    """Remove what expires, in a thread of its own."""
    _keep_prefixes(module)
    _tell_of_expiration(module)
    changed = threading.Event()
    put = module._put_bucket_lifecycle

    def put_and_look(name: str, body: bytes) -> Any:
        answer = put(name, body)
        changed.set()
        return answer

    def look_for_ever() -> None:
        while True:
            changed.wait(_SECONDS_BETWEEN_SWEEPS)
            changed.clear()
            try:
                sweep(module, time.time())
            except Exception:  # the next sweep may succeed
                module.logger.exception("S3: lifecycle rules could not be followed")

    module._put_bucket_lifecycle = put_and_look
    module._lifecycle_changed = changed
    threading.Thread(target=look_for_ever, daemon=True, name="bucket-lifecycle").start()


def sweep(module: Any, now: float) -> None:
    """Remove all that has expired.

    Args:
        module: The S3 service.
        now: The time.
    """
    from ministack.core.responses import _request_account_id

    for (account, name), rules in list(module._bucket_lifecycle._data.items()):
        token = _request_account_id.set(account)
        by_rule = _by_rule.set(True)
        try:
            if name in module._buckets and isinstance(rules, list):
                _sweep_bucket(module, name, rules, now)
        finally:
            _by_rule.reset(by_rule)
            _request_account_id.reset(token)


def _sweep_bucket(module: Any, name: str, rules: list[dict[str, Any]], now: float) -> None:
    for version in list(_versions(module, name)):
        if not any(expires(rule, version, now) for rule in rules):
            continue
        # A version that is not current, and a marker, go for good; of what is current a bucket with versions keeps one.
        for_good = version.is_marker or version.noncurrent_since is not None
        query = {"versionId": version.identity} if for_good else {}
        module._delete_object(name, version.key, {}, query)
    for identity, upload in list(module._multipart_uploads.items()):
        begun = moment(upload["created"])
        if upload["bucket"] == name and any(is_given_up(rule, upload["key"], begun, now) for rule in rules):
            module._abort_multipart_upload(name, upload["key"], {"uploadId": identity})


def _versions(module: Any, name: str) -> Iterator[Version]:
    histories = {
        key: list(versions)
        for (bucket, key), versions in list(module._object_versions.items())
        if bucket == name and versions
    }
    for key, found in list(module._buckets[name]["objects"].items()):
        if key not in histories:
            tags = module._object_tags.get((name, key, found.get("version_id"))) or {}
            yield Version(key, None, moment(found["last_modified"]), found.get("size", 0), tags)
    for key, versions in histories.items():
        successor: float | None = None
        # Oldest first in the emulator.
        for newer, entry in enumerate(reversed(versions)):
            modified = moment(entry["last_modified"])
            yield Version(
                key,
                entry["version_id"],
                modified,
                entry.get("size", 0),
                module._object_tags.get((name, key, entry["version_id"])) or {},
                is_marker=bool(entry.get("is_delete_marker")),
                is_alone=len(versions) == 1,
                noncurrent_since=successor,
                newer_noncurrent=max(0, newer - 1),
            )
            successor = modified


def _keep_prefixes(module: Any) -> None:
    """Keep the `Prefix` of a rule without a `Filter`, the older form of the API."""
    put, get = module._put_bucket_lifecycle, module._get_bucket_lifecycle

    def put_with_prefixes(name: str, body: bytes) -> Any:
        from defusedxml import ElementTree

        answer = put(name, body)
        rules = module._bucket_lifecycle.get(name)
        if answer[0] == 200 and isinstance(rules, list):
            root = ElementTree.fromstring(body)
            elements = root.findall("Rule") or root.findall(f"{_SPACE}Rule")
            for rule, element in zip(rules, elements, strict=True):
                prefix = element.findtext("Prefix") or element.findtext(f"{_SPACE}Prefix")
                if prefix:
                    rule["Prefix"] = prefix
        return answer

    def get_with_prefixes(name: str) -> Any:
        answer = get(name)
        rules = module._bucket_lifecycle.get(name)
        if answer[0] != 200 or not isinstance(rules, list):
            return answer
        status, headers, body = answer
        start, *written = body.decode().split("<Rule>")
        for number, (rule, text) in enumerate(zip(rules, written, strict=True)):
            if rule.get("Prefix"):
                prefix = f"<Prefix>{module._esc(rule['Prefix'])}</Prefix>"
                written[number] = text.replace("<Filter></Filter>", prefix, 1)
        return status, headers, "<Rule>".join([start, *written]).encode()

    module._put_bucket_lifecycle, module._get_bucket_lifecycle = put_with_prefixes, get_with_prefixes


def _tell_of_expiration(module: Any) -> None:
    """Name the events of what a rule removed as AWS does."""
    fire, in_bus = module._fire_s3_event_async, module._s3_event_to_eventbridge

    def fire_by_rule(bucket: str, key: str, event: str, *rest: Any, **named: Any) -> None:
        if _by_rule.get():
            event = event.replace("s3:ObjectRemoved:", "s3:LifecycleExpiration:")
        fire(bucket, key, event, *rest, **named)

    def named_for_buses(event: str) -> tuple[str, str | None]:
        if event.startswith("s3:LifecycleExpiration:"):
            return "Object Deleted", "Lifecycle Expiration"
        named: tuple[str, str | None] = in_bus(event)
        return named

    module._EVENT_SEQUENCED_FAMILIES = (*module._EVENT_SEQUENCED_FAMILIES, "s3:LifecycleExpiration:")
    module._fire_s3_event_async, module._s3_event_to_eventbridge = fire_by_rule, named_for_buses
