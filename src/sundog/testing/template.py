"""Assert on the CloudFormation template of a stack, without the CDK in the test's process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class StackTemplate:
    """The template that synth made of a stack.

    Example:
        >>> template = sundog_app.template("backend")
        >>> template.has("AWS::SQS::Queue", VisibilityTimeout=180)
    """

    def __init__(self, name: str, content: Mapping[str, Any]) -> None:
        """Take a template.

        Args:
            name: The stack's, for messages.
            content: The decoded JSON. `aws_cdk.assertions.Template.from_json` takes it too.
        """
        self.name = name
        self.content = content

    def resources(self, type: str) -> dict[str, dict[str, Any]]:  # noqa: A002 - CloudFormation's word
        """Return the resources of a CloudFormation type, by logical id."""
        return {
            logical_id: resource
            for logical_id, resource in self.content.get("Resources", {}).items()
            if resource["Type"] == type
        }

    def count(self, type: str) -> int:  # noqa: A002 - as above
        """Return how many resources of a type there are."""
        return len(self.resources(type))

    def has(self, type: str, /, **properties: Any) -> dict[str, Any]:  # noqa: A002, ANN401 - as above; JSON
        """Assert that a resource has these properties, and return the first that does.

        A dictionary matches one that has at least its entries, a list one of the same length, all else what is equal.

        Raises:
            AssertionError: None does; the message shows those of the type.
        """
        found = self.resources(type)
        for resource in found.values():
            if _matches(properties, resource.get("Properties", {})):
                return resource
        if not found:
            types = sorted({resource["Type"] for resource in self.content.get("Resources", {}).values()})
            raise AssertionError(f"the stack `{self.name}` has no {type}; it has {', '.join(types)}")
        wanted = json.dumps(properties, indent=2, default=str)
        raise AssertionError(
            f"no {type} of the stack `{self.name}` has {wanted}; there are {json.dumps(found, indent=2)}"
        )


def _matches(wanted: object, actual: object) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(actual, Mapping) and all(
            key in actual and _matches(value, actual[key]) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(actual, list)
            and len(wanted) == len(actual)
            and all(_matches(one, other) for one, other in zip(wanted, actual, strict=True))
        )
    return wanted == actual
