"""Rules, schedules and subscriptions of logs to what the emulator delivers nothing to are made, and stay silent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .handlers import PROVISIONERS, Properties, change_properties
from .rule_targets import IS_THERE

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Refuse them."""

    def rule(properties: Properties) -> Properties:
        _check(properties.get("Targets") or ())
        return properties

    def schedule(properties: Properties) -> Properties:
        _check([properties.get("Target") or {}])
        return properties

    def subscription(properties: Properties) -> Properties:
        arn = str(properties.get("DestinationArn", ""))
        if ":lambda:" not in arn:
            raise ValueError(f"The local cloud sends the lines of a log to functions only, not to {arn}.")
        return properties

    change_properties(module, "AWS::Logs::SubscriptionFilter", subscription)
    change_properties(module, "AWS::Events::Rule", rule)
    change_properties(module, "AWS::Scheduler::Schedule", schedule)


def _check(targets: Iterable[dict[str, Any]]) -> None:
    for target in targets:
        arn = str(target.get("Arn", ""))
        if arn.count(":") >= 5 and arn.split(":")[2] not in IS_THERE:
            raise ValueError(f"The local cloud delivers no events to {arn}.")
