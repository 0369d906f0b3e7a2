"""How Lambda reads from queues and streams: the settings of an event source mapping, the same wherever there is one.

The limits are those of https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aws_cdk
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_event_sources as event_sources

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import type_name
from sundog.constructs._targets import Target
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.function import Function
from sundog.errors import ConstructError, SundogError, suggestion
from sundog.model.manifest import Trigger

MOST_FILTERS = 5


class InvalidEventSource(ConstructError):
    """A setting of how Lambda reads a queue or a stream is not one that Lambda has."""

    code = "SD-SOURCE-003"


@dataclass(frozen=True, kw_only=True)
class SourceKind:
    """What Lambda's limits depend on."""

    name: str
    default_batch: int
    largest_batch: int
    largest_batch_without_window: int | None = None
    has_window: bool = True


QUEUE = SourceKind(name="queue", default_batch=10, largest_batch=10_000, largest_batch_without_window=10)
FIFO_QUEUE = SourceKind(name="FIFO queue", default_batch=10, largest_batch=10, has_window=False)
STREAM = SourceKind(name="stream", default_batch=100, largest_batch=10_000)

STREAM_SETTINGS = (
    "batch_size",
    "batch_window",
    "filters",
    "partial_failures",
    "starting_position",
    "retries",
    "bisect",
    "max_age",
    "on_failure",
    "parallelization",
    "tumbling_window",
    "enabled",
    "cdk",
)

_COUNTS = {"retries": (-1, 10_000), "parallelization": (1, 10), "max_concurrency": (2, 1000)}
_SPANS = {"batch_window": (0, 300), "max_age": (60, 7 * 86400), "tumbling_window": (0, 900)}
_CDK_NAMES = {
    "batch_size": "batch_size",
    "batch_window": "max_batching_window",
    "partial_failures": "report_batch_item_failures",
    "retries": "retry_attempts",
    "bisect": "bisect_batch_on_error",
    "max_age": "max_record_age",
    "parallelization": "parallelization_factor",
    "tumbling_window": "tumbling_window",
    "max_concurrency": "max_concurrency",
    "enabled": "enabled",
}
_POSITIONS = {
    "latest": lambda_.StartingPosition.LATEST,
    "trim_horizon": lambda_.StartingPosition.TRIM_HORIZON,
}


def source_props(
    owner: SundogConstruct, settings: Mapping[str, Any], kind: SourceKind, *, what: str = ""
) -> dict[str, Any]:
    """Return the CDK's properties of an event source for what the user set.

    Args:
        owner: The construct that the events come from.
        settings: By sundog's names; those of a stream are `STREAM_SETTINGS`; None counts as not set.
        kind: What is read.
        what: Names the consumer in messages, when there can be several.

    Raises:
        InvalidEventSource: A value is not one that Lambda takes.
    """
    return _Settings(owner, settings, kind, what).props()


class _Settings:
    """The settings of one event source, being checked."""

    def __init__(self, owner: SundogConstruct, given: Mapping[str, Any], kind: SourceKind, what: str) -> None:
        self._owner = owner
        self._given = {name: value for name, value in given.items() if value is not None}
        self._kind = kind
        self._what = f"{what} of " if what else ""

    def props(self) -> dict[str, Any]:
        spans = {name: self._span(name) for name in _SPANS if name in self._given}
        self._check_batch(spans.get("batch_window"))
        props: dict[str, Any] = {"batch_size": self._kind.default_batch}
        for name, value in self._given.items():
            if name in spans:
                if spans[name]:
                    props[_CDK_NAMES[name]] = aws_cdk.Duration.seconds(spans[name])
            elif name in _CDK_NAMES:
                props[_CDK_NAMES[name]] = self._count(name) if name in _COUNTS else value
        props |= self._filters()
        if self._kind is STREAM:
            props |= self._position()
            if "on_failure" in self._given:
                props["on_failure"] = self._destination(self._given["on_failure"])
        return props

    def _span(self, name: str) -> float:
        given, (least, most) = self._given[name], _SPANS[name]
        if is_token(given):
            return float(given)
        value = seconds(given)
        if value is None or not least <= value <= most:
            raise self._invalid(
                name,
                f"Lambda allows {least} to {most} seconds, written as {DURATION_FORMS}",
                f"set `{name}` between {least} and {most}",
            )
        if name == "batch_window" and value and not self._kind.has_window:
            raise self._owner.error(
                InvalidEventSource,
                f"{self._subject} has both `fifo` and `batch_window`",
                why="Lambda does not wait for batches of FIFO queues",
                fix="remove `batch_window`",
            )
        return value

    def _count(self, name: str) -> int:
        value, (least, most) = self._given[name], _COUNTS[name]
        if is_token(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            never = " (-1: for as long as the record is kept)" if name == "retries" else ""
            raise self._invalid(
                name,
                f"Lambda takes a number from {least} to {most}{never}",
                f"set `{name}` between {least} and {most}",
            )
        return value

    def _check_batch(self, window: float | None) -> None:
        size = self._given.get("batch_size")
        if size is None or is_token(size):
            return
        most, windowless = self._kind.largest_batch, self._kind.largest_batch_without_window
        if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= most:
            raise self._invalid(
                "batch_size",
                f"Lambda takes 1 to {most} {'records' if self._kind is STREAM else 'messages'} at once from a {self._kind.name}",
                f"set `batch_size` to at most {most}",
            )
        if windowless is not None and size > windowless and not window:
            raise self._owner.error(
                InvalidEventSource,
                f"{self._subject}: `batch_size` is `{size}` and there is no `batch_window`",
                why=f"Lambda must be allowed to wait for batches of more than {windowless} messages",
                fix='add `batch_window="1 second"`',
            )

    def _filters(self) -> dict[str, Any]:
        filters = self._given.get("filters")
        if not filters:
            return {}
        fits = isinstance(filters, (list, tuple)) and all(isinstance(one, Mapping) for one in filters)
        if not fits or len(filters) > MOST_FILTERS:
            raise self._invalid(
                "filters",
                f"`filters` is a list of at most {MOST_FILTERS} patterns; a record passes when one of them matches",
                'write `filters=[{"body": {"kind": ["order"]}}]`'
                if self._kind is not STREAM
                else 'write `filters=[{"eventName": ["INSERT"]}]`',
            )
        return {"filters": [{"pattern": json.dumps(one)} for one in filters]}

    def _position(self) -> dict[str, Any]:
        given = self._given.get("starting_position", "latest")
        if isinstance(given, datetime):
            return {
                "starting_position": lambda_.StartingPosition.AT_TIMESTAMP,
                "starting_position_timestamp": given.timestamp(),
            }
        if given not in _POSITIONS:
            close = suggestion(str(given).lower(), _POSITIONS) or "trim_horizon"
            raise self._invalid(
                "starting_position",
                "a reader starts at the `latest` record, at the `trim_horizon` (the oldest), or at a datetime in Kinesis",
                f'write `"starting_position": "{close}"`',
            )
        return {"starting_position": _POSITIONS[given]}

    def _destination(self, given: Any) -> lambda_.IEventSourceDlq:
        kind = getattr(given, "kind", None)
        if kind in {"Queue", "Topic"} and given.fifo:
            raise self._invalid(
                "on_failure",
                f"{kind} `{given.id}` is FIFO, and Lambda reports to standard queues and topics only",
                "name one that is not FIFO",
                shown=f"{kind} `{given.id}`",
            )
        if kind == "Queue":
            destination: lambda_.IEventSourceDlq = event_sources.SqsDlq(given.cdk.queue)
        elif kind == "Topic":
            destination = event_sources.SnsDlq(given.cdk.topic)
        elif kind == "Bucket":
            destination = event_sources.S3OnFailureDestination(given.cdk.bucket)
        else:
            raise self._invalid(
                "on_failure",
                "Lambda reports records that it gave up to a `Queue`, a `Topic` or a `Bucket`",
                'write `"on_failure": Queue(stack, "failed")`',
                shown=type_name(given),
            )
        return destination

    @property
    def _subject(self) -> str:
        return f"{self._what}{self._owner.kind} `{self._owner.id}`"

    def _invalid(self, name: str, why: str, fix: str, *, shown: str | None = None) -> SundogError:
        shown = shown or f"`{self._given[name]}`"
        return self._owner.error(
            InvalidEventSource, f"{self._subject}: `{name}` is {shown}", why=why, fix=fix
        )


def add_stream_consumers(
    owner: SundogConstruct,
    consumers: list[Target],
    make_source: Callable[[dict[str, Any]], lambda_.IEventSource],
    *,
    trigger_kind: str,
) -> dict[str, Function]:
    """Have functions read the stream of a construct, and return them by name.

    Args:
        owner: The construct whose stream it is.
        consumers: Read with `STREAM_SETTINGS`.
        make_source: Makes the CDK's event source of its properties.
        trigger_kind: What the events are called in the manifest.
    """
    functions = {}
    for target in consumers:
        function: Function = target.construct
        props = source_props(owner, target.settings, STREAM, what=f'`consumers["{target.name}"]`')
        source = make_source({**props, **target.settings.get("cdk", {})})
        function.cdk.function.add_event_source(source)
        function.triggers.append(
            Trigger(
                kind=trigger_kind,
                label=f"{trigger_kind} {owner.id}",
                resource=owner.path,
                detail={"consumer": target.name, "batch_size": props["batch_size"]},
            )
        )
        functions[target.name] = function
    return functions
