"""An update of a nested stack forgets the attributes of the resources that do not change.

Whatever refers to one of them (a function to the ARN of its role) then fails, and with it the update.
"""

from __future__ import annotations

from typing import Any

from .handlers import PROVISIONERS, Properties

MODULE = PROVISIONERS
VERSIONS = frozenset({"1.5.33"})


def mend(module: Any) -> None:
    """Hand over the attributes, as the update of a stack that is not nested does."""
    original = module._update_resource

    def update_resource(
        resource_type: str,
        physical_id: str,
        old: Properties,
        new: Properties,
        stack_name: str,
        logical_id: str | None = None,
        attributes: dict[str, Any] | None = None,
    ) -> Any:
        if attributes is None:
            attributes = _attributes(stack_name, logical_id)
        return original(resource_type, physical_id, old, new, stack_name, logical_id, attributes)

    module._update_resource = update_resource


def _attributes(stack_name: str, logical_id: str | None) -> dict[str, Any]:
    from ministack.services.cloudformation import _stacks

    record = _stacks.get(stack_name, {}).get("_resources", {}).get(logical_id, {})
    attributes: dict[str, Any] = record.get("Attributes", {})
    return attributes
