"""An SQS queue and its consumer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, Unpack

import aws_cdk
import aws_cdk.aws_lambda_event_sources as event_sources
import aws_cdk.aws_sqs as sqs
from constructs import Construct

from sundog.constructs._binding import Access
from sundog.constructs._definition import FunctionDefinition, function_of
from sundog.constructs._event_sources import FIFO_QUEUE, QUEUE, source_props
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._settings import refuse_unknown_settings
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.function import Function
from sundog.errors import ConstructError
from sundog.model.manifest import Trigger

LONGEST_VISIBILITY_SECONDS = 12 * 3600
LONGEST_RETENTION_DAYS = 14
DEFAULT_MAX_RECEIVES = 3
DEFAULT_VISIBILITY_SECONDS: float = 30
"""What SQS takes when nothing is set."""


class InvalidQueue(ConstructError):
    """A queue's settings contradict each other, or SQS would refuse them."""

    code = "SD-QUEUE-001"


class ConsumerSettings(TypedDict, total=False):
    """How Lambda hands messages to a consumer."""

    batch_size: int
    batch_window: float | str | aws_cdk.Duration
    partial_failures: bool
    filters: Sequence[Mapping[str, Any]]
    max_concurrency: int


class Queue(BindableResource[sqs.IQueue]):
    """An SQS queue, with a function that consumes its messages if one is given.

    A message that the consumer does not delete in time comes back after the visibility timeout: six times the
    consumer's timeout by default, as AWS recommends.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the queues of the app.
        consumer: The function that gets the messages: a handler, a `Function`, or settings.
        fifo: Keep the order, and deliver each message once.
        visibility_timeout: How long a received message is hidden from others.
        batch_size: Most messages in one invocation of the consumer.
        batch_window: How long to collect messages for a batch: `"5 seconds"`.
        partial_failures: The consumer answers with `batchItemFailures`, and only those messages come back.
        filters: Patterns of which a message must match one; others are deleted: `[{"body": {"kind": ["order"]}}]`.
        max_concurrency: Most invocations of the consumer at a time, 2 to 1000.
        dead_letter: Where messages go that failed often: True for a queue of its own, or a `Queue`.
        max_receives: How often a message is tried before it goes there.
        bind: Resources that the consumer uses.
        function_defaults: Settings for the consumer when it is a handler.
        cdk: `{"queue": {…}}`, `{"dead_letter_queue": {…}}` and `{"event_source": {…}}` lay properties over the CDK's;
            `{"queue": existing}` uses a queue as it is.

    Example:
        >>> reminders = Queue(stack, "reminders", consumer="functions/reminders.send", dead_letter=True)
        >>> Function(stack, "remind", handler="functions/reminders.request", bind=[reminders])
    """

    kind = "Queue"
    cdk_keys = ("queue", "dead_letter_queue", "event_source")
    resource_key, resource_child = "queue", "Queue"
    queue_url = ResourceValue("URL of the queue, known to CloudFormation.")
    queue_arn = ResourceValue("ARN of the queue, known to CloudFormation.")
    queue_name = ResourceValue("Physical name of the queue, known to CloudFormation.")
    usual_grant = "grant_send_messages"
    send_only = Access("grant_send_messages", doc="Send messages, and no more; what `bind` gives by itself.")
    consume_only = Access("grant_consume_messages", doc="Receive and delete messages, and no more.")
    send_and_consume = Access(
        "grant_send_messages", "grant_consume_messages", doc="Send, receive and delete."
    )

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        consumer: FunctionDefinition | None = None,
        fifo: bool = False,
        visibility_timeout: float | str | aws_cdk.Duration | None = None,
        batch_size: int | None = None,
        batch_window: float | str | aws_cdk.Duration | None = None,
        partial_failures: bool = False,
        filters: Sequence[Mapping[str, Any]] | None = None,
        max_concurrency: int | None = None,
        dead_letter: bool | Queue | None = None,
        max_receives: int = DEFAULT_MAX_RECEIVES,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self.fifo = fifo
        self.batch_size = QUEUE.default_batch
        self.consumer: Function | None = None
        self._hidden_seconds = DEFAULT_VISIBILITY_SECONDS
        if consumer is not None:
            self.consumer = self._made_consumer(consumer, function_defaults, bind)
        configured = {
            "visibility_timeout": visibility_timeout,
            "fifo": fifo or None,
            "dead_letter": dead_letter,
        }
        self.take_or_make(configured, lambda: self._create(visibility_timeout, dead_letter, max_receives))
        self.cdk.dead_letter_queue = getattr(self.cdk, "dead_letter_queue", None)
        self.cdk.event_source = None
        if self.consumer is not None:
            settings = {
                "batch_size": batch_size,
                "batch_window": batch_window,
                "partial_failures": partial_failures or None,
                "filters": filters,
                "max_concurrency": max_concurrency,
            }
            self._consume(self.consumer, settings)
        self.registry.constructs.append(self)

    def add_consumer(
        self,
        consumer: FunctionDefinition,
        *,
        bind: Sequence[Any] | None = None,
        **settings: Unpack[ConsumerSettings],
    ) -> Function:
        """Have a function consume the messages of a queue that was made without one, and return the function.

        Args:
            consumer: As the argument of the construct.
            bind: Resources that the consumer uses.
            **settings: `batch_size`, `batch_window`, `partial_failures`, `filters`, `max_concurrency`, as the arguments of
                the construct.

        Raises:
            InvalidQueue: The queue has a consumer, or this one may run longer than the queue hides a message.

        Example:
            >>> reminders.add_consumer("functions/reminders.send", bind=[notes], batch_size=1)
        """
        refuse_unknown_settings(
            self, InvalidQueue, "`add_consumer`", settings, tuple(ConsumerSettings.__annotations__)
        )
        if self.consumer is not None:
            raise self.error(
                InvalidQueue,
                f"Queue `{self.id}` has a consumer already",
                why="two would share the messages: each message goes to one of them",
                fix="subscribe several queues to a `Topic`",
            )
        function = self._made_consumer(consumer, None, bind)
        timeout = function.timeout_seconds
        # How long a queue from elsewhere hides a message is not known.
        if self.is_ours and timeout is not None and timeout > self._hidden_seconds:
            raise self.error(
                InvalidQueue,
                f"the consumer of Queue `{self.id}` may run {timeout:g} seconds, a message is hidden for {self._hidden_seconds:g}",
                why="a message would be delivered again while it is being worked on, and Lambda refuses the pair",
                fix=f'set `visibility_timeout="{6 * timeout:g} seconds"` where the queue is made',
            )
        self.consumer = function
        self._consume(function, settings)
        return function

    def _made_consumer(
        self,
        consumer: FunctionDefinition,
        defaults: FunctionProps | Mapping[str, Any] | None,
        bind: Sequence[Any] | None,
    ) -> Function:
        return function_of(self, "consumer", consumer, what="`consumer`", defaults=defaults, bind=bind or [])

    def _create(self, visibility: Any, dead_letter: bool | Queue | None, max_receives: int) -> sqs.Queue:  # noqa: FBT001 - the caller's own argument
        given = self.cdk_props("queue")
        own: dict[str, Any] = {
            "visibility_timeout": self._visibility(visibility),
            "enforce_ssl": True,
            "removal_policy": self.registry.removal_policy,
        }
        if self.fifo:
            own |= {"fifo": True, "content_based_deduplication": True}
        if dead_letter:
            own["dead_letter_queue"] = sqs.DeadLetterQueue(
                queue=self._dead_letter_queue(dead_letter), max_receive_count=max_receives
            )
        hidden = {**own, **given}["visibility_timeout"]
        if hidden is not None:
            self._hidden_seconds = math.inf if hidden.is_unresolved() else hidden.to_seconds()
        return sqs.Queue(self, "Queue", **{**own, **given})

    def _dead_letter_queue(self, dead_letter: bool | Queue) -> sqs.IQueue:  # noqa: FBT001 - the caller's own argument
        if isinstance(dead_letter, Queue):
            if dead_letter.fifo != self.fifo:
                raise self.error(
                    InvalidQueue,
                    f"Queue `{dead_letter.id}` cannot take the dead letters of Queue `{self.id}`",
                    why="SQS wants both to be FIFO, or neither",
                    fix=f"set `fifo={self.fifo}` on Queue `{dead_letter.id}`",
                )
            queue: sqs.IQueue = dead_letter.cdk.queue
        else:
            own: dict[str, Any] = {
                "retention_period": aws_cdk.Duration.days(LONGEST_RETENTION_DAYS),
                "enforce_ssl": True,
                "removal_policy": self.registry.removal_policy,
            }
            if self.fifo:
                own["fifo"] = True
            queue = sqs.Queue(self, "DeadLetters", **{**own, **self.cdk_props("dead_letter_queue")})
        self.cdk.dead_letter_queue = queue
        return queue

    def _visibility(self, given: Any) -> aws_cdk.Duration | None:
        timeout = self.consumer.timeout_seconds if self.consumer is not None else None
        if given is None:
            if timeout is None:
                return None
            return aws_cdk.Duration.seconds(min(6 * timeout, LONGEST_VISIBILITY_SECONDS))
        value = given if is_token(given) else seconds(given)
        if value is None or (not is_token(value) and not 0 <= value <= LONGEST_VISIBILITY_SECONDS):
            raise self.error(
                InvalidQueue,
                f"Queue `{self.id}`: `visibility_timeout` is `{given}`",
                why=f"SQS allows 0 to {LONGEST_VISIBILITY_SECONDS} seconds, written as {DURATION_FORMS}",
                fix="leave it out to hide messages for six times the consumer's timeout",
            )
        if timeout is not None and not is_token(value) and value < timeout:
            raise self.error(
                InvalidQueue,
                f"Queue `{self.id}`: `visibility_timeout` is {value:g} seconds, its consumer may run {timeout:g}",
                why="a message would be delivered again while it is being worked on, and Lambda refuses the pair",
                fix=f"set `visibility_timeout={timeout:g}` or more, or leave it out",
            )
        return aws_cdk.Duration.seconds(value)

    def _consume(self, consumer: Function, settings: Mapping[str, Any]) -> None:
        self.batch_size = settings.get("batch_size") or QUEUE.default_batch
        own = source_props(self, settings, FIFO_QUEUE if self.fifo else QUEUE)
        source = event_sources.SqsEventSource(self.cdk.queue, **{**own, **self.cdk_props("event_source")})
        consumer.cdk.function.add_event_source(source)
        self.cdk.event_source = source
        detail = {
            "batch_size": own["batch_size"],
            "partial_failures": bool(settings.get("partial_failures")),
        }
        consumer.triggers.append(
            Trigger(kind="queue", label=f"queue {self.id}", resource=self.path, detail=detail)
        )

    def attributes(self) -> dict[str, Any]:
        """Return what the queue does with its messages."""
        consumer = None if self.consumer is None else self.consumer.path
        return {"fifo": self.fifo, "consumer": consumer, "batch_size": self.batch_size}
