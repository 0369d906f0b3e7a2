"""A Kinesis data stream and its consumers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_kinesis as kinesis
import aws_cdk.aws_lambda as lambda_
import aws_cdk.aws_lambda_event_sources as event_sources
from constructs import Construct

from sundog.constructs._binding import Access
from sundog.constructs._event_sources import STREAM_SETTINGS, add_stream_consumers
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.errors import ConstructError

SHORTEST_RETENTION_SECONDS, LONGEST_RETENTION_SECONDS = 24 * 3600, 365 * 86400


class InvalidKinesisStream(ConstructError):
    """A Kinesis stream's shards or retention are not ones that Kinesis has.

    https://docs.aws.amazon.com/streams/latest/dev/kinesis-extended-retention.html
    """

    code = "SD-KINESIS-001"


class KinesisStream(SendsToFunctions, BindableResource[kinesis.IStream]):
    """A Kinesis data stream, with the functions that read it.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the Kinesis streams of the app.
        consumers: By name: a handler, a `Function`, or a dictionary with `function` and how Lambda reads: `filters`,
            `batch_size`, `batch_window`, `starting_position`, `retries`, `bisect`, `max_age`, `on_failure`,
            `parallelization`, `partial_failures`, `tumbling_window`, `enabled`, `cdk`.
        shards: How many; None for as many as the traffic needs, which Kinesis calls on-demand.
        retention: How long records are kept: `"7 days"`; one day when not given.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"stream": {…}}` lays properties over the CDK's stream; `{"stream": existing}` uses one as it is.

    Example:
        >>> clicks = KinesisStream(stack, "clicks", consumers={
        ...     "count": {"function": "functions/clicks.count", "batch_window": "5 seconds", "bisect": True},
        ... })
        >>> Function(stack, "click", handler="functions/clicks.record", bind=[clicks])
    """

    kind = "KinesisStream"
    cdk_keys = ("stream",)
    resource_key, resource_child = "stream", "Stream"
    stream_name = ResourceValue("Physical name of the stream, known to CloudFormation.")
    stream_arn = ResourceValue("ARN of the stream, known to CloudFormation.")
    usual_grant = "grant_write"
    read_only = Access("grant_read", doc="Read records, and no more.")
    read_and_write = Access(
        "grant_read_write", doc="Read and put records; `bind` alone lets a function put them."
    )

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        consumers: Mapping[str, Any] | None = None,
        shards: int | None = 1,
        retention: float | str | aws_cdk.Duration | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self._shards = shards
        self._reader = self.reader("consumers", noun="consumer", settings=STREAM_SETTINGS)
        configured = {"retention": retention, "shards": None if shards == 1 else str(shards)}
        self.take_or_make(configured, lambda: self._create(retention))
        self.add_consumers(consumers or {})
        self.registry.constructs.append(self)

    def _create(self, retention: Any) -> kinesis.Stream:
        own: dict[str, Any] = {
            "encryption": kinesis.StreamEncryption.MANAGED,
            "removal_policy": self.registry.removal_policy,
        }
        if self._shards is None:
            own["stream_mode"] = kinesis.StreamMode.ON_DEMAND
        else:
            if not is_token(self._shards) and (not isinstance(self._shards, int) or self._shards < 1):
                raise self.error(
                    InvalidKinesisStream,
                    f"KinesisStream `{self.id}`: `shards` is `{self._shards}`",
                    why="a stream has at least one shard",
                    fix="set `shards=1`, or `shards=None` for as many as the traffic needs",
                )
            own |= {"stream_mode": kinesis.StreamMode.PROVISIONED, "shard_count": self._shards}
        if retention is not None:
            own["retention_period"] = self._retention(retention)
        return kinesis.Stream(self, "Stream", **{**own, **self.cdk_props("stream")})

    def _retention(self, given: Any) -> aws_cdk.Duration:
        value = seconds(given)
        if value is None or not SHORTEST_RETENTION_SECONDS <= value <= LONGEST_RETENTION_SECONDS:
            raise self.error(
                InvalidKinesisStream,
                f"KinesisStream `{self.id}`: `retention` is `{given}`",
                why=f"Kinesis keeps records for 1 to 365 days, written as {DURATION_FORMS}",
                fix='write `retention="7 days"`',
            )
        return aws_cdk.Duration.hours(value // 3600)

    def add_consumers(self, consumers: Mapping[str, Any]) -> None:
        """Have further functions read the stream.

        Args:
            consumers: As the argument of the construct.
        """

        def source(props: dict[str, Any]) -> lambda_.IEventSource:
            return event_sources.KinesisEventSource(self.cdk.stream, **props)

        self.functions |= add_stream_consumers(
            self, self._reader.read(consumers), source, trigger_kind="stream"
        )

    def attributes(self) -> dict[str, Any]:
        """Return the consumers."""
        return {
            "shards": self._shards,
            "consumers": {name: function.path for name, function in self.functions.items()},
        }
