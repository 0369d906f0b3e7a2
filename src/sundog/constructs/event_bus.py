"""An EventBridge event bus, its rules, and their targets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk
import aws_cdk.aws_events as events
import aws_cdk.aws_logs as logs
from constructs import Construct

from sundog.constructs._bus_targets import TARGET_SETTINGS, rule_target
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._registry import listed
from sundog.constructs._resource import BindableResource, ResourceValue
from sundog.constructs._targets import SendsToFunctions
from sundog.constructs._values import DURATION_FORMS, seconds
from sundog.constructs.function import Function
from sundog.constructs.kinesis_stream import KinesisStream
from sundog.constructs.queue import Queue
from sundog.constructs.topic import Topic
from sundog.errors import ConstructError, SundogError, suggestion
from sundog.model.manifest import Trigger

DAY_SECONDS = 86_400
_RULE_KEYS = ("pattern", "targets", "description", "enabled", "cdk")
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


class InvalidRule(ConstructError):
    """A rule of an event bus has an unknown key, or a pattern that EventBridge does not know.

    A rule has a `pattern` and `targets`. The pattern names the fields of the event that must match:
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html.
    """

    code = "SD-BUS-001"


class InvalidArchive(ConstructError):
    """A bus is to keep its events for something that is not a number of days.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html
    """

    code = "SD-BUS-003"


class EventBus(SendsToFunctions, BindableResource[events.IEventBus]):
    """An EventBridge event bus, with rules that bring events to functions, queues, topics, streams and log groups.

    Args:
        scope: The stack, or any construct in it.
        id: Unique among the event buses of the app.
        rules: By name, each with `pattern` (`source`, `detail_type`, `detail`, …) and `targets` by name: a handler, a
            `Function`, a `Queue`, a `Topic`, a `KinesisStream`, another `EventBus`, a log group of the CDK, or a dictionary
            with one of them as `function`, `queue`, `topic`, `stream`, `bus` or `log_group`, and `input` (what the target
            gets instead of the event), `retries`, `max_age`, `dead_letter`, `partition_key` (of a stream: `"$.detail.id"`).
        archive: How long all events are kept, to be replayed: `"30 days"`; True for ever.
        bind: Resources that the functions made here use.
        function_defaults: Settings for the functions made here.
        cdk: `{"event_bus": {…}}` lays properties over the CDK's bus; `{"event_bus": existing}` uses one as it is;
            `{"archive": {…}}` lays properties over the archive.

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
    cdk_keys = ("event_bus", "archive")
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
        archive: bool | float | str | aws_cdk.Duration | None = None,
        bind: Sequence[Any] | None = None,
        function_defaults: FunctionProps | Mapping[str, Any] | None = None,
        cdk: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, id, bind=bind, function_defaults=function_defaults, cdk=cdk)
        self.rules: dict[str, events.Rule] = {}
        """The CDK's rules, by name."""
        self._patterns: dict[str, Any] = {}
        self.take_or_make({}, self._create)
        self.cdk.archive = self._archive(archive)
        self.add_rules(rules or {})
        self.registry.constructs.append(self)

    def _create(self) -> events.EventBus:
        # EventBridge wants a name. The CDK's own has no stage in it, so that the second stage of an account could not have one.
        given = self.cdk_props("event_bus")
        own = {} if "event_source_name" in given else {"event_bus_name": self.physical_name}
        return events.EventBus(self, "Bus", **{**own, **given})

    def _archive(self, kept: bool | float | str | aws_cdk.Duration | None) -> events.CfnArchive | None:  # noqa: FBT001 - the caller's own argument
        if kept is None or kept is False:
            return None
        own: dict[str, Any] = {"source_arn": self.event_bus_arn}
        if kept is not True:
            duration = seconds(kept)
            if duration is None or duration < DAY_SECONDS or duration % DAY_SECONDS:
                raise self.error(
                    InvalidArchive,
                    f"EventBus `{self.id}`: `archive` is `{kept}`",
                    why=f"EventBridge keeps events for whole days, written as {DURATION_FORMS}, or for ever",
                    fix='write `archive="30 days"`, or `archive=True` for ever',
                )
            own["retention_days"] = int(duration // DAY_SECONDS)
        archive = events.CfnArchive(self, "Archive", **{**own, **self.cdk_props("archive")})
        archive.apply_removal_policy(self.registry.removal_policy)
        return archive

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
        own: dict[str, Any] = {
            "event_bus": self.cdk.event_bus,
            "enabled": given.get("enabled", True),
            "description": given.get("description"),
            # The CDK types patterns as lists of strings; EventBridge takes conditions such as a prefix in any of them.
            "event_pattern": events.EventPattern(source=["replaced"]),
        }
        rule = events.Rule(self, f"Rule-{name}", **{**own, **given.get("cdk", {})})
        rule.node.default_child.event_pattern = self._with_nulls(name, pattern)  # type: ignore[union-attr]
        self.rules[name], self._patterns[name] = rule, pattern
        reader = self.reader(
            f'rules["{name}"]["targets"]',
            noun=f"target-{name}",
            others={
                "queue": Queue,
                "topic": Topic,
                "stream": KinesisStream,
                "bus": EventBus,
                "log_group": logs.LogGroup,
            },
            settings=TARGET_SETTINGS,
        )
        for target in reader.read(given.get("targets", {})):
            rule.add_target(rule_target(self, target))
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

    def _with_nulls(self, name: str, condition: Any) -> Any:
        """Return a pattern with what the CDK has for null, which would get lost on the way to it."""
        if isinstance(condition, Mapping):
            return {key: self._with_nulls(name, value) for key, value in condition.items()}
        if not isinstance(condition, (list, tuple)):
            return condition
        if None not in condition:
            return [self._with_nulls(name, value) for value in condition]
        if not all(value is None or isinstance(value, str) for value in condition):
            raise self._invalid_rule(
                f"the pattern of rule `{name}` of EventBus `{self.id}` has None among conditions: `{list(condition)}`",
                "the CDK takes null alone, or among texts",
                'write two: `"$or": [{"field": [None]}, {"field": […]}]`',
            )
        null, texts = events.Match.null_value(), [value for value in condition if value is not None]
        return events.Match.any_of(null, *map(events.Match.exact_string, texts)) if texts else null

    def _invalid_rule(self, what: str, why: str, fix: str) -> SundogError:
        return self.error(InvalidRule, what, why=why, fix=fix)

    def attributes(self) -> dict[str, Any]:
        """Return the rules."""
        functions = {name: function.path for name, function in self.functions.items()}
        return {"rules": self._patterns, "functions": functions}
