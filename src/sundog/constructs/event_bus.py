"""An EventBridge event bus, its rules, and their targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_events as events
import aws_cdk.aws_events_targets as targets
import aws_cdk.aws_iam as iam
import aws_cdk.aws_logs as logs
import aws_cdk.interfaces.aws_events as interfaces
import jsii
from constructs import Construct

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions, Target
from sundog.constructs._values import DURATION_FORMS, is_token, seconds
from sundog.constructs.function import Function
from sundog.constructs.queue import Queue
from sundog.errors import ConstructError, SundogError, suggestion
from sundog.model.manifest import Trigger

_RULE_KEYS = ("pattern", "targets", "description", "enabled")
_PATTERN_KEYS = (
    "source",
    "detail_type",
    "detail",
    "account",
    "region",
    "resources",
    "id",
    "time",
    "version",
)
_SETTINGS = ("input", "retries", "max_age", "dead_letter")
MOST_RETRIES = 185
SHORTEST_AGE_SECONDS, LONGEST_AGE_SECONDS = 60, 86400


class InvalidRule(ConstructError):
    """A rule of an event bus has an unknown key, or a pattern that EventBridge does not know.

    A rule has a `pattern` and `targets`. The pattern names the fields of the event that must match:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html.
    """

    code = "SD-BUS-001"


class InvalidDelivery(ConstructError):
    """A setting of how EventBridge delivers to a target is not one that EventBridge has.

    It tries again for at most 24 hours and 185 times
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html), and gives what it could not
    deliver to a queue that is not FIFO.
    """

    code = "SD-BUS-002"


class EventBus(SendsToFunctions, BindableResource[events.IEventBus]):
    """An EventBridge event bus, with rules that bring events to functions, queues and log groups.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the event buses of the app.
        rules: By name, each with `pattern` (`source`, `detail_type`, `detail`, …) and `targets` by name: a handler, a
            `Function`, a `Queue`, a log group of the CDK, or a dictionary with `function`, `queue` or `log_group` and
            `input` (what the target gets instead of the event), `retries`, `max_age`, `dead_letter`.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"event_bus": {…}}` lays properties over the CDK's bus; `{"event_bus": existing}` uses one as it is.

    Example:
        >>> bus = EventBus(stack, "shop", rules={
        ...     "large-orders": {
        ...         "pattern": {"detail_type": ["order.placed"], "detail": {"total": [{"numeric": [">", 1000]}]}},
        ...         "targets": {"call": "functions/sales.call", "archive": archive},
        ...     },
        ... })
        >>> bus.subscribe("order.cancelled", "functions/mail.sorry")
    """

    kind = "EventBus"
    cdk_keys = ("event_bus",)
    resource_key, resource_child = "event_bus", "Bus"
    event_bus_name = ResourceValue("Name of the bus, known to CloudFormation.")
    event_bus_arn = ResourceValue("ARN of the bus, known to CloudFormation.")
    usual_grant = "grant_put_events_to"

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        rules: Mapping[str, Mapping[str, Any]] | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self.rules: dict[str, events.Rule] = {}
        """The CDK's rules, by name."""
        self._patterns: dict[str, Any] = {}
        self.take_or_make({}, self._create)
        self.add_rules(rules or {})
        self.registry.constructs.append(self)

    def _create(self) -> events.EventBus:
        # EventBridge wants a name. The CDK's own has no stage in it, so that the second stage of an account could not have one.
        given = self.cdk_props("event_bus")
        own = {} if "event_source_name" in given else {"event_bus_name": self.physical_name}
        return events.EventBus(self, "Bus", **{**own, **given})

    def add_rules(self, rules: Mapping[str, Mapping[str, Any]]) -> None:
        """Add rules with their targets.

        Args:
            rules: As the argument of the construct.
        """
        for name, rule in rules.items():
            self._add_rule(name, rule)

    def subscribe(
        self,
        detail_types: str | Sequence[str],
        handler: Any,
        *,
        name: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> Function | None:
        """Bring events of some types to one target, and return its function when it is one.

        Args:
            detail_types: The `detail-type` of the events, or several.
            handler: A handler, a `Function`, a `Queue`, or a dictionary as in `targets`.
            name: Of the rule; made of the types when not given.
            detail: A pattern for the events' `detail`, if not all of them are wanted.
        """
        types = [detail_types] if isinstance(detail_types, str) else list(detail_types)
        pattern: dict[str, Any] = {"detail_type": types}
        if detail is not None:
            pattern["detail"] = detail
        name = name or re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(types)).strip("-")
        self._add_rule(name, {"pattern": pattern, "targets": {"handler": handler}})
        return self.functions.get(f"{name}/handler")

    def _add_rule(self, name: str, given: Mapping[str, Any]) -> None:
        if name in self.rules:
            raise self._invalid_rule(
                f"EventBus `{self.id}` has a rule `{name}` already",
                "the rules of a bus have different names",
                "give it another name",
            )
        self._check_keys(name, given)
        pattern = self._pattern(name, given.get("pattern"))
        rule = events.Rule(
            self,
            f"Rule-{name}",
            event_bus=self.cdk.event_bus,
            enabled=given.get("enabled", True),
            description=given.get("description"),
            # The CDK types patterns as lists of strings; EventBridge takes conditions such as a prefix in any of them.
            event_pattern=events.EventPattern(source=["replaced"]),
        )
        rule.node.default_child.event_pattern = pattern  # type: ignore[union-attr]
        self.rules[name], self._patterns[name] = rule, pattern
        reader = self.reader(
            f'rules["{name}"]["targets"]',
            noun=f"target-{name}",
            others={"queue": Queue, "log_group": logs.LogGroup},
            settings=_SETTINGS,
        )
        for target in reader.read(given.get("targets", {})):
            rule.add_target(self._target(target))
            if target.function is not None:
                self.functions[f"{name}/{target.name}"] = target.function
                target.function.triggers.append(
                    Trigger(
                        kind="bus",
                        label=f"bus {self.id}/{name}",
                        resource=self.path,
                        detail={"rule": name, "pattern": pattern},
                    )
                )

    def _check_keys(self, name: str, given: object) -> None:
        if not isinstance(given, Mapping) or "pattern" not in given:
            raise self._invalid_rule(
                f"rule `{name}` of EventBus `{self.id}` has no `pattern`",
                "the pattern says which events it takes",
                f'write `"{name}": {{"pattern": {{"source": ["shop"]}}, "targets": {{…}}}}`',
            )
        for key in given:
            if key not in _RULE_KEYS:
                close = suggestion(str(key), _RULE_KEYS)
                raise self._invalid_rule(
                    f"rule `{name}` of EventBus `{self.id}` has no `{key}`",
                    f"a rule has {listed(_RULE_KEYS)}",
                    f"write `{close}`" if close else f"remove `{key}`",
                )

    def _pattern(self, name: str, given: Any) -> dict[str, Any]:
        if not isinstance(given, Mapping) or not given:
            raise self._invalid_rule(
                f"the pattern of rule `{name}` of EventBus `{self.id}` is `{given!r}`",
                "a pattern is a dictionary with at least one field",
                'write `"pattern": {"source": ["shop"]}`',
            )
        pattern = {}
        for key, value in given.items():
            field = "detail_type" if key == "detail-type" else key
            if field not in _PATTERN_KEYS:
                close = suggestion(str(field), _PATTERN_KEYS)
                raise self._invalid_rule(
                    f"the pattern of rule `{name}` of EventBus `{self.id}` has a field `{key}`",
                    f"events have {listed(_PATTERN_KEYS)}",
                    f"write `{close}`" if close else f'put it into the detail: `"detail": {{"{key}": …}}`',
                )
            wire = field.replace("_", "-")
            pattern[wire] = [value] if isinstance(value, str) else value
        return pattern

    def _target(self, target: Target) -> events.IRuleTarget:
        settings = target.settings
        delivery: dict[str, Any] = {}
        if "retries" in settings:
            delivery["retry_attempts"] = self._retries(target)
        if "max_age" in settings:
            delivery["max_event_age"] = self._max_age(target)
        if "dead_letter" in settings:
            delivery["dead_letter_queue"] = self._dead_letter(target)
        given_input = events.RuleTargetInput.from_object(settings["input"]) if "input" in settings else None
        if target.function is not None:
            function: events.IRuleTarget = targets.LambdaFunction(
                target.function.cdk.function, event=given_input, **delivery
            )
            return function
        if target.kind == "queue":
            queue: Queue = target.construct
            if queue.fifo:
                # A rule's target has one group for all of its events.
                delivery["message_group_id"] = target.name
            return targets.SqsQueue(queue.cdk.queue, message=given_input, **delivery)
        self._allow_logging(target)
        return LogGroupTarget(target.construct, given_input)

    def _allow_logging(self, target: Target) -> None:
        """Let EventBridge write into a log group; the CDK's own target does it with a custom resource."""
        group: logs.LogGroup = target.construct
        statement = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            principals=[
                iam.ServicePrincipal("events.amazonaws.com"),
                iam.ServicePrincipal("delivery.logs.amazonaws.com"),
            ],
            resources=[group.log_group_arn],
        )
        group.add_to_resource_policy(statement)

    def _retries(self, target: Target) -> int:
        value = target.settings["retries"]
        if is_token(value):
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_RETRIES:
            raise self._invalid_delivery(
                target,
                "retries",
                f"EventBridge tries 0 to {MOST_RETRIES} times again",
                f"set `retries` to at most {MOST_RETRIES}",
            )
        return value

    def _max_age(self, target: Target) -> aws_cdk.Duration:
        value = seconds(target.settings["max_age"])
        if value is None or not SHORTEST_AGE_SECONDS <= value <= LONGEST_AGE_SECONDS:
            raise self._invalid_delivery(
                target,
                "max_age",
                f"EventBridge allows {SHORTEST_AGE_SECONDS} to {LONGEST_AGE_SECONDS} seconds, written as {DURATION_FORMS}",
                'write `"max_age": "1 hour"`',
            )
        return aws_cdk.Duration.seconds(value)

    def _dead_letter(self, target: Target) -> Any:
        queue = target.settings["dead_letter"]
        if not isinstance(queue, Queue) or queue.fifo:
            raise self._invalid_delivery(
                target,
                "dead_letter",
                "events that cannot be delivered go to a `Queue` that is not FIFO",
                'write `"dead_letter": Queue(stack, "undelivered")`',
            )
        return queue.cdk.queue

    def _invalid_delivery(self, target: Target, setting: str, why: str, fix: str) -> SundogError:
        value = target.settings[setting]
        shown = f"{value.kind} `{value.id}`" if isinstance(value, SundogConstruct) else f"`{value}`"
        return self.error(
            InvalidDelivery,
            f"target `{target.name}` of EventBus `{self.id}`: `{setting}` is {shown}",
            why=why,
            fix=fix,
        )

    def _invalid_rule(self, what: str, why: str, fix: str) -> SundogError:
        return self.error(InvalidRule, what, why=why, fix=fix)

    def attributes(self) -> dict[str, Any]:
        """Return the rules."""
        functions = {name: function.path for name, function in self.functions.items()}
        return {"rules": self._patterns, "functions": functions}


@jsii.implements(events.IRuleTarget)
class LogGroupTarget:
    """A log group as the target of a rule; see `EventBus._allow_logging`."""

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
