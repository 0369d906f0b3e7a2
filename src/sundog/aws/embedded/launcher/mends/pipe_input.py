"""What a pipe makes of a record: filters, input templates and JSON paths in the settings of a target.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-input-transformation.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-event-filtering.html
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from typing import Any

_STEP = re.compile(r"\.?([\w-]+|\*)|\[(\d+|\*)\]|\[['\"]([^'\"]+)['\"]\]")
_ONE_VARIABLE = re.compile(r"<([^<>]+)>")
MISSING: Any = object()


def decoded(record: Any) -> Any:
    """Return a record with its payload as JSON where it is: the `body` of a message, the `data` of a Kinesis record."""
    if not isinstance(record, dict):
        return record
    source = record.get("eventSource")
    try:
        if source == "aws:sqs":
            return {**record, "body": json.loads(record["body"])}
        if source == "aws:kinesis":
            return {**record, "data": json.loads(base64.b64decode(record["data"]))}
    except (ValueError, binascii.Error):
        pass  # Not JSON: it stays the text that it is.
    return record


def passes(record: Any, criteria: dict[str, Any] | None) -> bool:
    """Whether one of the filters lets a record through.

    Args:
        record: As the pipe reads it.
        criteria: The pipe's `FilterCriteria`.
    """
    from ministack.services import eventbridge

    patterns = [one["Pattern"] for one in (criteria or {}).get("Filters") or () if one.get("Pattern")]
    if not patterns:
        return True
    event = decoded(record)
    return any(
        eventbridge._matches_detail(event, alternative)
        for pattern in patterns
        for alternative in eventbridge._compiled_pattern(pattern) or ()
    )


def at_path(path: str, record: Any) -> Any:
    """Return what a JSON path finds in a record, or `MISSING`; with a wildcard, a list.

    Args:
        path: Such as `$.body.lines[0].id`.
        record: Decoded.
    """
    found = [record]
    many, position = False, 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            return MISSING
        position = step.end()
        if "*" in step.groups():
            many = True
            found = [
                item
                for one in found
                for item in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
            ]
        elif step[2]:
            index = int(step[2])
            found = [one[index] for one in found if isinstance(one, list) and index < len(one)]
        else:
            key = step[1] or step[3]
            found = [one[key] for one in found if isinstance(one, dict) and key in one]
    if many:
        return found
    return found[0] if found else MISSING


class _Variables(dict[str, Any]):
    """The variables of a template for one record: the reserved ones, and JSON paths, which are looked up."""

    def __init__(self, pipe: dict[str, Any], record: Any) -> None:
        self._record = decoded(record)
        super().__init__(
            {
                "aws.pipes.pipe-arn": pipe["Arn"],
                "aws.pipes.pipe-name": pipe["Name"],
                "aws.pipes.source-arn": pipe["Source"],
                "aws.pipes.enrichment-arn": pipe.get("Enrichment") or "",
                "aws.pipes.target-arn": pipe["Target"],
                "aws.pipes.event.ingestion-time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "aws.pipes.event": record,
                "aws.pipes.event.json": self._record,
            }
        )

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or str(name).startswith("$")

    def __missing__(self, name: str) -> Any:
        found = at_path(name, self._record)
        return "" if found is MISSING else found


def rendered(template: str | None, pipe: dict[str, Any], record: Any) -> str:
    """Return the text that a record becomes by a template; without one, the record as JSON.

    Args:
        template: The `InputTemplate` of a target or of an enrichment.
        pipe: The emulator's record of the pipe.
        record: As the pipe read it, or as the enrichment returned it.
    """
    from ministack.services import eventbridge

    if not template:
        return record if isinstance(record, str) else json.dumps(record)
    variables = _Variables(pipe, record)
    alone = _ONE_VARIABLE.fullmatch(template.strip())
    if alone is not None and alone[1] in variables:
        value = variables[alone[1]]
        return value if isinstance(value, str) else json.dumps(value)
    return str(eventbridge._render_input_template(template, variables))


def setting(value: Any, record: Any) -> Any:
    """Return a setting of a target for one record: what a JSON path finds, or the value itself.

    Args:
        value: From the `TargetParameters`.
        record: As the target gets it.
    """
    if isinstance(value, list):
        return [setting(one, record) for one in value]
    if not isinstance(value, str):
        return value
    path = value.removeprefix("<").removesuffix(">") if value.startswith("<$") else value
    if not path.startswith("$."):
        return value
    found = at_path(path, decoded(record))
    return "" if found is MISSING else found
