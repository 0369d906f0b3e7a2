"""What can be known to fail before anything is sent, all of it at once.

One function per rule; each yields errors. For the embedded cloud the rules include what it cannot deploy: it would
either refuse a template half way, or take it and leave a property out without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sundog.aws.cloudformation import MAX_RESOURCES, MAX_TEMPLATE_BYTES
from sundog.aws.embedded.interface import Capabilities, DroppedProperty
from sundog.deploy.assembly import StackTemplate
from sundog.deploy.ownership import stack_of_another
from sundog.deploy.plan import DeployPlan, StackPlan
from sundog.deploy.report import Report
from sundog.deploy.silent_alarms import ALARM, tell_silent_alarm
from sundog.errors import DeployError, SundogError, UnsupportedError, suggestion

MANY_RESOURCES = 400
"""A stack with so many is said to be near the limit."""


class ResourceUnsupported(UnsupportedError):
    """The cloud of the stage has no such resource type.

    On the stage `local` that is the embedded cloud, which covers what serverless apps use and not all of AWS. Deploy
    the app to a stage in AWS, or leave the construct out where `app.stage` is `local`.
    """

    code = "SD-UNSUPPORTED-021"


class PropertyUnsupported(UnsupportedError):
    """The cloud of the stage would take a property and do nothing with it, so that the app behaves otherwise than in AWS."""

    code = "SD-UNSUPPORTED-022"


class TemplateTooLarge(DeployError):
    """A template is larger than CloudFormation reads, or has more resources than a stack may hold."""

    code = "SD-DEPLOY-003"


class ParameterWithoutValue(DeployError):
    """A template has a parameter without a default, and nothing gives it a value."""

    code = "SD-DEPLOY-004"


class ReferenceDangling(DeployError):
    """A resource refers to a logical id that its template does not have.

    The CDK writes references from objects; this comes from names typed by hand, in `Fn.ref` or `add_property_override`.
    """

    code = "SD-DEPLOY-005"


def problems(plan: DeployPlan, report: Report, capabilities: Capabilities | None) -> list[SundogError]:
    """Return everything that would fail, for the stacks that change."""
    found: list[SundogError] = []
    for stack in plan.changed:
        foreign = stack_of_another(stack.deployed, report) if stack.deployed is not None else None
        found += [foreign] if foreign is not None else []
        found += _sizes(stack.template, report)
        found += _parameters(stack, report)
        found += _references(stack.template, report)
        if capabilities is not None:
            found += _unsupported(stack.template, report, capabilities)
    return found


def _sizes(stack: StackTemplate, report: Report) -> Iterator[SundogError]:
    fix = "move some constructs into another stack"
    if len(stack.body) > MAX_TEMPLATE_BYTES:
        yield TemplateTooLarge(
            f"the template of `{stack.name}` has {len(stack.body):,} bytes, {MAX_TEMPLATE_BYTES:,} is the most",
            where=report.location(stack.name),
            why="CloudFormation reads no larger template",
            fix=fix,
        )
    if len(stack.resources) > MAX_RESOURCES:
        yield TemplateTooLarge(
            f"the stack `{stack.name}` has {len(stack.resources)} resources, {MAX_RESOURCES} is the most",
            where=report.location(stack.name),
            why="CloudFormation limits the resources of a stack",
            fix=fix,
        )
    elif len(stack.resources) >= MANY_RESOURCES:
        report.notice(
            "warning",
            f"the stack `{stack.name}` has {len(stack.resources)} resources; {MAX_RESOURCES} is the most, so {fix} soon",
        )


def _parameters(stack: StackPlan, report: Report) -> Iterator[SundogError]:
    given = stack.parameters
    for name, spec in stack.template.content.get("Parameters", {}).items():
        if "Default" not in spec and name not in given:
            yield ParameterWithoutValue(
                f"the parameter `{name}` of the stack `{stack.name}` has no value",
                where=report.location(stack.name, name),
                fix=f'give it one: `CfnParameter(…, "{name}", default=…)`',
            )


def _references(stack: StackTemplate, report: Report) -> Iterator[SundogError]:
    content = stack.content
    if "Transform" in content or "Fn::Transform" in str(content.keys()):
        return  # a macro may add what is referred to
    resources = set(stack.resources)
    named = resources | set(content.get("Parameters", {}))
    for section in ("Resources", "Outputs"):
        for logical_id, part in content.get(section, {}).items():
            for kind, target in _targets(part):
                known = resources if kind == "Fn::GetAtt" else named
                if target in known or target.startswith("AWS::"):
                    continue
                close = suggestion(target, known)
                yield ReferenceDangling(
                    f"`{report.path(stack.name, logical_id)}` refers to `{target}`, which `{stack.name}` does not have",
                    where=report.location(stack.name, logical_id),
                    fix=f"write `{close}`" if close else "refer to the construct, not to a logical id",
                )


def _targets(part: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON
    if isinstance(part, list):
        for item in part:
            yield from _targets(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "Ref" and isinstance(value, str) and len(part) == 1:
                yield key, value
            elif key == "Fn::GetAtt" and len(part) == 1 and value:
                yield key, str(value[0]) if isinstance(value, list) else str(value).split(".", maxsplit=1)[0]
            else:
                yield from _targets(value)


def _unsupported(stack: StackTemplate, report: Report, capabilities: Capabilities) -> Iterator[SundogError]:
    yield from _unsupported_in(stack.name, stack.resources, report, capabilities)
    for logical_id, nested in stack.nested():
        yield from _unsupported_in(stack.name, nested.get("Resources", {}), report, capabilities, logical_id)


def _unsupported_in(
    stack: str,
    resources: dict[str, dict[str, Any]],
    report: Report,
    capabilities: Capabilities,
    nested_in: str | None = None,
) -> Iterator[SundogError]:
    for logical_id, resource in resources.items():
        kind = resource.get("Type", "")
        # A nested stack's resources are declared in the user's program too, but only the nested stack is in the manifest
        # under this stack's name; the CDK notes the path beside each resource.
        path = report.path(stack, logical_id)
        if path == logical_id:
            path = resource.get("Metadata", {}).get("aws:cdk:path", logical_id)
        where = report.location(stack, nested_in or logical_id)
        if not capabilities.supports(kind):
            yield ResourceUnsupported(
                f"`{path}` is an `{kind}`, which the {capabilities.name} cannot deploy",
                where=where,
                fix=_FIXES,
            )
            continue
        if kind in capabilities.hollow:
            yield ResourceUnsupported(
                f"`{path}` is an `{kind}`, of which the {capabilities.name} makes no more than the name",
                where=where,
                why=capabilities.hollow[kind],
                fix=_FIXES,
            )
            continue
        if kind == ALARM:
            tell_silent_alarm(path, where, resource.get("Properties", {}), report, capabilities)
        for dropped in capabilities.dropped.get(kind, ()):
            if not dropped.harmless and _has(resource.get("Properties", {}), dropped):
                yield PropertyUnsupported(
                    f"`{path}` sets `{dropped.name}`, which the {capabilities.name} ignores for an `{kind}`",
                    where=where,
                    why=dropped.reason,
                    fix=_FIXES,
                )


_FIXES = (
    "deploy to a stage in AWS: `sundog dev --stage <name>`",
    'or leave it out of this stage in the app: `if app.stage != "local":`',
)


def _has(properties: dict[str, Any], dropped: DroppedProperty) -> bool:
    *parents, last = dropped.name.split(".")
    holders: Iterable[Any] = [properties]
    for parent in parents:
        holders = [item for holder in holders for item in _items(holder.get(parent))]
    followed: tuple[object, ...] = (None, False, [], {}, "", *dropped.unless)
    return any(holder.get(last) not in followed for holder in holders)


def _items(value: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Return the objects that a dotted name goes on in: the object itself, or each of a list."""
    found = value if isinstance(value, list) else [value]
    return [item for item in found if isinstance(item, dict)]
