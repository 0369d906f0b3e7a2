"""Durations and sizes as users write them: `30`, `"30 seconds"`, `"1 GB"`, or the CDK's own objects."""

from __future__ import annotations

import re

import aws_cdk

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MEGABYTES = {"mb": 1, "gb": 1024}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) (second|minute|hour|day)s?")
_TOKEN = re.compile(r"\$\{Token\[[^\]]*\]\}")
_SIZE = re.compile(r"(\d+) (mb|gb)", re.IGNORECASE)

DURATION_FORMS = (
    'a number of seconds, `"30 seconds"`, `"5 minutes"`, `"1 hour"`, `"4 days"` or an aws_cdk.Duration'
)
SIZE_FORMS = 'a number of megabytes, `"512 MB"`, `"1 GB"` or an aws_cdk.Size'


def is_token(value: object) -> bool:
    """Tell whether a value is known only to CloudFormation, or to the CDK at the end of synth."""
    if isinstance(value, str):
        # The second is how the CDK hides a list in a list of one text.
        return "${Token[" in value or value.startswith("#{Token[")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # The CDK hides references to numbers in large negative ones.
        return value < -1e100
    return False


def without_tokens(text: str) -> str:
    """Return what of a text is known, without the parts that only CloudFormation knows."""
    return _TOKEN.sub("", text)


def seconds(value: object) -> float | None:
    """Return a duration in seconds, or None when it is not one.

    A `Duration` of seconds that only CloudFormation knows is a token; of another unit it cannot be converted, and is None.
    """
    if isinstance(value, aws_cdk.Duration):
        if value.is_unresolved() and value.unit_label() != "seconds":
            return None
        return float(value.to_seconds())
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    return float(match[1]) * _SECONDS[match[2]] if match else None


def megabytes(value: object) -> int | None:
    """Return a size in megabytes, or None when it is not one.

    A `Size` of mebibytes that only CloudFormation knows is a token; of another unit it cannot be converted, and is None.
    """
    if isinstance(value, aws_cdk.Size):
        try:
            return int(value.to_mebibytes())
        except RuntimeError:
            # What the CDK raises for such a token.
            return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(match[1]) * _MEGABYTES[match[2].lower()] if match else None
