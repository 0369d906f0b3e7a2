"""Triggers that an app declares with the CDK's own constructs: rules, schedules and pipes that call a function of sundog.

What sundog's constructs trigger they know themselves. Of these nothing is known until the templates are written.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sundog.model.manifest import ConstructEntry, Trigger

Place = tuple[str, str]
"""Name of a stack, and a logical id in it."""
Resources = Mapping[str, Mapping[str, Any]]
"""Of a template, by logical id."""


@dataclass(frozen=True, kw_only=True)
class Template:
    """What a stack deploys."""

    resources: Resources
    outputs: Mapping[str, Any]

    @classmethod
    def read(cls, text: str) -> Template:
        """Take what matters from a template of the assembly."""
        document = json.loads(text)
        return cls(resources=document.get("Resources", {}), outputs=document.get("Outputs", {}))


def cdk_triggers(
    templates: Mapping[str, Template], constructs: Collection[ConstructEntry], ours: Collection[str]
) -> dict[Place, list[Trigger]]:
    """Return the triggers of functions, by the places of the functions.

    Args:
        templates: By the names of the stacks.
        constructs: What of the construct tree is in the templates.
        ours: Paths of the constructs that know their triggers.
    """
    targets = _Targets(templates)
    found: dict[Place, list[Trigger]] = {}
    for entry in constructs:
        make = _TRIGGERS.get(entry.cloudformation_type)
        if make is None or any(entry.path.startswith(f"{path}/") for path in ours):
            continue
        properties = templates[entry.stack].resources[entry.logical_id].get("Properties", {})
        for target, trigger in make(entry.path.removesuffix("/Resource"), properties):
            place = targets.function(entry.stack, target)
            if place is not None:
                found.setdefault(place, []).append(trigger)
    return found


class _Targets:
    """Finds the function that a part of a template names."""

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = templates
        self._exports = {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in templates.items()
            for output in template.outputs.values()
            if isinstance(output.get("Export", {}).get("Name"), str)
        }

    def function(self, stack: str, named: Any) -> Place | None:
        """Return where the function of an ARN is; None when it is of another kind, or not of this app."""
        match named:
            case {"Fn::ImportValue": str(name)} if name in self._exports:
                return self.function(*self._exports[name])
            case {"Fn::GetAtt": [str(logical_id), "Arn"]} | {"Ref": str(logical_id)}:
                resource = self._templates[stack].resources.get(logical_id, {})
            case _:
                return None
        match resource:
            case {"Type": "AWS::Lambda::Function"}:
                return stack, logical_id
            case {
                "Type": "AWS::Lambda::Alias" | "AWS::Lambda::Version",
                "Properties": {"FunctionName": function},
            }:
                return self.function(stack, function)
        return None


def _rule(path: str, properties: Mapping[str, Any]) -> Iterator[tuple[Any, Trigger]]:
    pattern, schedule = properties.get("EventPattern"), properties.get("ScheduleExpression")
    detail = {"pattern": pattern} if pattern else {"schedule": schedule}
    for target in properties.get("Targets", ()):
        yield (
            target.get("Arn"),
            _trigger("bus" if pattern else "cron", "rule", path, {**detail, **_input(target)}),
        )


def _schedule(path: str, properties: Mapping[str, Any]) -> Iterator[tuple[Any, Trigger]]:
    target = properties.get("Target", {})
    detail = {"schedule": properties.get("ScheduleExpression"), **_input(target)}
    yield target.get("Arn"), _trigger("cron", "schedule", path, detail)


def _pipe(path: str, properties: Mapping[str, Any]) -> Iterator[tuple[Any, Trigger]]:
    detail = {}
    match properties.get("Source"):
        # Records name their source and not the pipe that they came through.
        case {"Fn::GetAtt": [str(logical_id), str()]}:
            detail = {"source": logical_id}
    for role in ("Target", "Enrichment"):
        yield properties.get(role), _trigger("pipe", "pipe", path, detail)


def _trigger(kind: str, noun: str, path: str, detail: dict[str, Any]) -> Trigger:
    return Trigger(kind=kind, label=f"{noun} {path.rpartition('/')[2]}", resource=path, detail=detail)


def _input(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event of the user's own that a target is sent, when it is known before the deploy."""
    given = target.get("Input")
    if not isinstance(given, str):
        return {}
    try:
        return {"input": json.loads(given)}
    except ValueError:
        # CloudFormation will say so.
        return {}


_TRIGGERS = {
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::Pipes::Pipe": _pipe,
}
