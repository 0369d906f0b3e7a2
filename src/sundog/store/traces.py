"""Which trace an invocation belongs to, read from what arrives with it.

An X-Ray header names a trace by its `Root`; the same root is the same trace. Messages of a queue carry the header of the
request that sent them, so their consumer joins that request's trace. A batch whose messages come from several requests
keeps a trace of its own and is linked to each of theirs: it was caused by all of them, and by none alone.
"""

from __future__ import annotations

import re
from typing import TypeGuard

import msgspec

_ROOT = re.compile(r"\bRoot=([^;\s]+)", re.IGNORECASE)


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What the event says about where it comes from."""

    trace_id: str
    links: tuple[str, ...] = ()
    """Further traces; the own one is not among them."""
    attempt: int | None = None
    """How often the event source has delivered this event, when it tells."""
    queued_ms: float | None = None
    """From being sent to being received, of the message that waited longest."""


class _Attributes(msgspec.Struct):
    AWSTraceHeader: str | None = None
    SentTimestamp: str | None = None
    ApproximateFirstReceiveTimestamp: str | None = None
    ApproximateReceiveCount: str | None = None


class _Record(msgspec.Struct):
    attributes: _Attributes | None = None


class _Batch(msgspec.Struct):
    Records: list[_Record] = []


_BATCH = msgspec.json.Decoder(_Batch)


def trace_root(header: str | None) -> str | None:
    """Return the trace that an X-Ray header names; a bare id names itself.

    Example:
        >>> trace_root("Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1")
        '1-67891233-abcdef012345678912345678'
    """
    if not header:
        return None
    match = _ROOT.search(header)
    if match:
        return match[1]
    return header if "=" not in header else None


def join(request_id: str, trace_header: str, payload: bytes) -> Joined:
    """Say which trace an invocation joins.

    Args:
        request_id: Names the trace when nothing else does.
        trace_header: What the invocation arrived with.
        payload: The event.
    """
    own = trace_root(trace_header) or request_id
    if b'"Records"' not in payload:
        return Joined(trace_id=own)
    try:
        batch = _BATCH.decode(payload)
    except msgspec.MsgspecError:
        return Joined(trace_id=own)
    attributes = [record.attributes for record in batch.Records if record.attributes is not None]
    roots = list(dict.fromkeys(root for entry in attributes if (root := trace_root(entry.AWSTraceHeader))))
    counts = [int(text) for entry in attributes if _is_number(text := entry.ApproximateReceiveCount)]
    waits = [wait for entry in attributes if (wait := _waited_ms(entry)) is not None]
    joined = Joined(
        trace_id=own,
        links=tuple(root for root in roots if root != own),
        attempt=max(counts, default=None),
        queued_ms=max(waits, default=None),
    )
    if (
        len(roots) == 1
        and all(trace_root(entry.AWSTraceHeader) for entry in attributes)
        and len(attributes) == len(batch.Records)
    ):
        return msgspec.structs.replace(joined, trace_id=roots[0], links=())
    return joined


def _waited_ms(attributes: _Attributes) -> float | None:
    sent, received = attributes.SentTimestamp, attributes.ApproximateFirstReceiveTimestamp
    if not (_is_number(sent) and _is_number(received)):
        return None
    return max(0.0, float(received) - float(sent))


def _is_number(text: str | None) -> TypeGuard[str]:
    return text is not None and text.isdecimal()
