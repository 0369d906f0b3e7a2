"""No stack grows past what CloudFormation takes without its parts being named."""

from __future__ import annotations

from collections import Counter

from sundog.constructs._registry import Registry
from sundog.errors import ConstructError, Location
from sundog.model.manifest import Manifest, StackEntry

MOST_RESOURCES = 500
_SHOWN = 5


class StackTooLarge(ConstructError):
    """A stack has more resources than CloudFormation takes: 500.

    A route of an `Api` with a function of its own makes seven: function, role, policy, log group, permission, integration
    and route. A function alone makes three, with something bound to it four. Split a stack by what belongs together, with a
    second `@app.stack` that reaches the first with `app.use`; routes of one API with the same handler share its function.
    See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """

    code = "SD-CONSTRUCT-054"


def check_stack_sizes(registry: Registry, manifest: Manifest) -> None:
    """Refuse a stack that CloudFormation would refuse, and say what is large in it.

    Raises:
        StackTooLarge: It has more resources than the most.
    """
    sizes = Counter(entry.stack for entry in manifest.constructs)
    for stack in manifest.stacks:
        if sizes[stack.name] > MOST_RESOURCES:
            place = stack.place
            parts = _largest_parts(stack, manifest)
            raise StackTooLarge(
                f"the stack `{stack.id}` has {sizes[stack.name]} resources, CloudFormation takes {MOST_RESOURCES}",
                where=registry.places.location(place) or Location(registry.project.settings.app),
                why=f"the most are of {', '.join(parts)}",
                fix=f"move some of them into a second stack, which reaches this one with `app.use({_function(stack)})`",
            )


def _largest_parts(stack: StackEntry, manifest: Manifest) -> list[str]:
    """Return the constructs that stand directly in the stack and have the most resources, with their number."""
    kinds = {entry.id: entry.kind for entry in manifest.resources} | {
        entry.id: "Function" for entry in manifest.functions
    }
    counted: Counter[str] = Counter()
    for entry in manifest.constructs:
        if entry.stack == stack.name:
            first, second, *_ = [*entry.path.split("/"), ""]
            counted[f"{first}/{second}"] += 1
    return [
        f"{kinds.get(path, 'construct')} `{path.partition('/')[2]}` ({number})"
        for path, number in counted.most_common(_SHOWN)
    ]


def _function(stack: StackEntry) -> str:
    return stack.id.replace("-", "_")
