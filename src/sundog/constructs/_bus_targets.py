"""Where the rules of an event bus deliver to, and how often they try."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.interfaces.aws_events as interfaces
import jsii

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._targets import FUNCTION, Target
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.kinesis_stream import KinesisStream
from sundog.constructs.queue import Queue
from sundog.constructs.topic import Topic
from sundog.errors import ConstructError, SundogError

TARGET_SETTINGS = ("input", "retries", "max_age", "dead_letter", "partition_key", "cdk")
MOST_RETRIES = 185
SHORTEST_AGE_SECONDS, LONGEST_AGE_SECONDS = 60, 86400


class InvalidDelivery(ConstructError):
    """A setting of how EventBridge delivers to a target is not one that EventBridge has.

    It tries again for at most 24 hours and 185 times
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html), and gives what it could not
    deliver to a queue that is not FIFO. A topic as a target is not FIFO either, and one bus hands whole events to another:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
    """

    code = "SD-BUS-002"


def rule_target(bus: SundogConstruct, target: Target) -> events.IRuleTarget:
    """Return a target of a rule, as the CDK has it.

    Args:
        bus: The bus whose rule it is, for messages.
        target: What receives the events; read with `TARGET_SETTINGS`.

    Raises:
        InvalidDelivery: A setting is not one that EventBridge has for it.
    """
    return _Delivery(bus, target).target()


class _Delivery:
    """One target of a rule, being checked."""

    def __init__(self, bus: SundogConstruct, target: Target) -> None:
        self._bus = bus
        self._target = target
        self._settings = target.settings

    def target(self) -> events.IRuleTarget:
        make: dict[str, Callable[[Any], events.IRuleTarget]] = {
            FUNCTION: self._to_function,
            "queue": self._to_queue,
            "topic": self._to_topic,
            "stream": self._to_stream,
            "bus": self._to_bus,
            "log_group": self._to_log_group,
        }
        if "partition_key" in self._settings and self._target.kind != "stream":
            raise self._invalid("partition_key", "only streams have partitions", "remove it")
        return make[self._target.kind](self._target.construct)

    def _to_function(self, function: Any) -> events.IRuleTarget:
        made: events.IRuleTarget = targets.LambdaFunction(
            function.cdk.function, event=self._input(), **self._retrying()
        )
        return made

    def _to_queue(self, queue: Queue) -> events.IRuleTarget:
        # A rule's target has one group for all of its events.
        group: dict[str, Any] = {"message_group_id": self._target.name} if queue.fifo else {}
        made: events.IRuleTarget = targets.SqsQueue(
            queue.resource, message=self._input(), **group, **self._retrying()
        )
        return made

    def _to_topic(self, topic: Topic) -> events.IRuleTarget:
        if topic.fifo:
            raise self._refused(
                f"Topic `{topic.id}`, which is FIFO", "EventBridge publishes to standard topics"
            )
        made: events.IRuleTarget = targets.SnsTopic(topic.resource, message=self._input(), **self._retrying())
        return made

    def _to_stream(self, stream: KinesisStream) -> events.IRuleTarget:
        path = self._settings.get("partition_key", "$.id")
        if not isinstance(path, str) or not path.startswith("$."):
            raise self._invalid(
                "partition_key",
                "records are distributed by a field of the event",
                'write it as a path: `"partition_key": "$.detail.customer"`',
            )
        made: events.IRuleTarget = targets.KinesisStream(
            stream.resource, message=self._input(), partition_key_path=path, **self._retrying()
        )
        return made

    def _to_bus(self, bus: Any) -> events.IRuleTarget:
        for setting in ("input", "retries", "max_age"):
            if setting in self._settings:
                raise self._invalid(
                    setting,
                    "a bus hands whole events to another, and the rules of that one say what becomes of them",
                    f"remove `{setting}`",
                )
        queue = self._dead_letter() if "dead_letter" in self._settings else None
        own = {"dead_letter_queue": queue, **self._settings.get("cdk", {})}
        made: events.IRuleTarget = targets.EventBus(bus.resource, **own)
        return made

    def _to_log_group(self, group: logs.LogGroup) -> events.IRuleTarget:
        """Let EventBridge write into a log group; the CDK's own target does it with a custom resource."""
        statement = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            principals=[
                iam.ServicePrincipal("events.amazonaws.com"),
                iam.ServicePrincipal("delivery.logs.amazonaws.com"),
            ],
            resources=[group.log_group_arn],
        )
        group.add_to_resource_policy(statement)
        return LogGroupTarget(group, self._input())

    def _input(self) -> events.RuleTargetInput | None:
        given = self._settings.get("input")
        if given is None or isinstance(given, events.RuleTargetInput):
            return given
        return events.RuleTargetInput.from_object(given)

    def _retrying(self) -> dict[str, Any]:
        delivery: dict[str, Any] = {}
        if "retries" in self._settings:
            delivery["retry_attempts"] = self._retries()
        if "max_age" in self._settings:
            delivery["max_event_age"] = self._max_age()
        if "dead_letter" in self._settings:
            delivery["dead_letter_queue"] = self._dead_letter()
        return {**delivery, **self._settings.get("cdk", {})}

    def _retries(self) -> int:
        value = self._settings["retries"]
        if is_token(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_RETRIES:
            raise self._invalid(
                "retries",
                f"EventBridge tries 0 to {MOST_RETRIES} times again",
                f"set `retries` to at most {MOST_RETRIES}",
            )
        return value

    def _max_age(self) -> aws_cdk.Duration:
        value = seconds(self._settings["max_age"])
        if value is None or not SHORTEST_AGE_SECONDS <= value <= LONGEST_AGE_SECONDS:
            raise self._invalid(
                "max_age",
                f"EventBridge allows {SHORTEST_AGE_SECONDS} to {LONGEST_AGE_SECONDS} seconds, written as {DURATION_FORMS}",
                'write `"max_age": "1 hour"`',
            )
        return aws_cdk.Duration.seconds(value)

    def _dead_letter(self) -> Any:
        queue = self._settings["dead_letter"]
        if not isinstance(queue, Queue) or queue.fifo:
            raise self._invalid(
                "dead_letter",
                "events that cannot be delivered go to a `Queue` that is not FIFO",
                'write `"dead_letter": Queue(stack, "undelivered")`',
            )
        return queue.resource

    def _invalid(self, setting: str, why: str, fix: str) -> SundogError:
        value = self._settings[setting]
        shown = f"{value.kind} `{value.id}`" if isinstance(value, SundogConstruct) else f"`{value}`"
        return self._bus.error(
            InvalidDelivery,
            f"target `{self._target.name}` of EventBus `{self._bus.id}`: `{setting}` is {shown}",
            why=why,
            fix=fix,
        )

    def _refused(self, shown: str, why: str) -> SundogError:
        return self._bus.error(
            InvalidDelivery,
            f"target `{self._target.name}` of EventBus `{self._bus.id}` is {shown}",
            why=why,
            fix="name one that is not FIFO",
        )


@jsii.implements(events.IRuleTarget)
class LogGroupTarget:
    """A log group as the target of a rule, without the custom resource of the CDK's own."""

    def __init__(self, group: logs.LogGroup, given_input: events.RuleTargetInput | None) -> None:
        self._group = group
        self._input = given_input

    def bind(self, rule: interfaces.IRuleRef, id: str | None = None) -> events.RuleTargetConfig:  # noqa: A002, ARG002 - the CDK's own names
        """Tell the rule where events go."""
        stack = aws_cdk.Stack.of(self._group)
        arn = stack.format_arn(
            service="logs",
            resource="log-group",
            arn_format=aws_cdk.ArnFormat.COLON_RESOURCE_NAME,
            resource_name=self._group.log_group_name,
        )
        return events.RuleTargetConfig(arn=arn, input=self._input)
