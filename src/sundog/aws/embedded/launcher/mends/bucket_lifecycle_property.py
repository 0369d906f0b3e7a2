"""The lifecycle rules of a bucket in a template are dropped."""

from __future__ import annotations

import uuid
from typing import Any

from .handlers import PROVISIONERS, Properties, afterwards

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Store them, as the API would."""

    def store(name: str, properties: Properties) -> None:
        s3 = module._s3
        rules = [
            api_rule(rule) for rule in (properties.get("LifecycleConfiguration") or {}).get("Rules") or ()
        ]
        if not rules:
            s3._bucket_lifecycle.pop(name, None)
            return
        refused = s3._lifecycle_rules_error(rules)
        if refused:
            raise ValueError(f"LifecycleConfiguration: {refused[2].decode()}")
        s3._bucket_lifecycle[name] = rules
        # Only there when the mend is that follows the rules.
        changed = getattr(s3, "_lifecycle_changed", None)
        if changed is not None:
            changed.set()

    afterwards(module, "AWS::S3::Bucket", store)


def api_rule(written: dict[str, Any]) -> dict[str, Any]:
    """Return a rule of a template in the words of the API.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-s3-bucket-rule.html
    """
    rule: dict[str, Any] = {
        "ID": written.get("Id") or str(uuid.uuid4()),
        "Filter": _filter(written),
        "Status": written["Status"],
    }
    expiration = _renamed(written, {"ExpirationInDays": "Days", "ExpirationDate": "Date"})
    if str(written.get("ExpiredObjectDeleteMarker", "")).lower() == "true":
        expiration["ExpiredObjectDeleteMarker"] = True
    old = _renamed(
        written.get("NoncurrentVersionExpiration") or written,
        {
            "NoncurrentDays": "NoncurrentDays",
            "NewerNoncurrentVersions": "NewerNoncurrentVersions",
            "NoncurrentVersionExpirationInDays": "NoncurrentDays",
        },
    )
    moved = [
        {
            **_renamed(one, {"TransitionInDays": "Days", "TransitionDate": "Date"}),
            "StorageClass": one["StorageClass"],
        }
        for one in _all(written, "Transition")
    ]
    moved_old = [
        {
            **_renamed(
                one,
                {"TransitionInDays": "NoncurrentDays", "NewerNoncurrentVersions": "NewerNoncurrentVersions"},
            ),
            "StorageClass": one["StorageClass"],
        }
        for one in _all(written, "NoncurrentVersionTransition")
    ]
    abort = _renamed(
        written.get("AbortIncompleteMultipartUpload") or {}, {"DaysAfterInitiation": "DaysAfterInitiation"}
    )
    parts = {
        "Expiration": expiration,
        "NoncurrentVersionExpiration": old,
        "Transitions": moved,
        "NoncurrentVersionTransitions": moved_old,
        "AbortIncompleteMultipartUpload": abort,
    }
    return {**rule, **{name: part for name, part in parts.items() if part}}


def _filter(written: dict[str, Any]) -> dict[str, Any]:
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in written.get("TagFilters") or ()]
    one = _renamed(
        written,
        {
            "Prefix": "Prefix",
            "ObjectSizeGreaterThan": "ObjectSizeGreaterThan",
            "ObjectSizeLessThan": "ObjectSizeLessThan",
        },
    )
    if len(one) + len(tags) > 1:
        return {"And": {**one, **({"Tags": tags} if tags else {})}}
    return {"Tag": tags[0]} if tags else one or {"Prefix": ""}


def _all(written: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return what a template may write as one and as several."""
    single = written.get(name)
    return [*([single] if single else ()), *(written.get(f"{name}s") or ())]


def _renamed(written: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Return the members that there are under other names; what is a number is one afterwards."""
    return {
        new: int(written[old]) if str(written[old]).isdigit() and new != "Prefix" else written[old]
        for old, new in names.items()
        if old in written
    }
