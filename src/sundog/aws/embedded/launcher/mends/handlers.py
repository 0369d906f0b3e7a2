"""Putting code around the emulator's handler of a CloudFormation type.

A handler is a dictionary of functions: `create(logical_id, properties, stack)` and `update(physical_id, old, new, stack)`,
which may take more, return the physical id and the attributes; an exception fails the resource.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Properties: TypeAlias = dict[str, Any]

PROVISIONERS = "ministack.services.cloudformation.provisioners"


def change_properties(
    provisioners: Any, resource_type: str, change: Callable[[Properties], Properties]
) -> None:
    """Have a handler see other properties than the template's."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def changed_create(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> Any:
        return create(logical_id, change(properties), *rest, **named)

    def changed_update(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        return update(physical_id, change(old), change(new), *rest, **named)

    handler.update(create=changed_create, update=changed_update)


def before_update(
    provisioners: Any, resource_type: str, check: Callable[[str, Properties, Properties], None]
) -> None:
    """Run a check, which may raise, before a resource is updated."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    update = handler["update"]

    def checked_update(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        check(physical_id, old, new)
        return update(physical_id, old, new, *rest, **named)

    handler["update"] = checked_update


def afterwards(provisioners: Any, resource_type: str, act: Callable[[str, Properties], None]) -> None:
    """Run code with the physical id and the properties after a resource was created or updated."""
    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    create, update = handler["create"], handler["update"]

    def create_and_act(logical_id: str, properties: Properties, *rest: Any, **named: Any) -> Any:
        result = create(logical_id, properties, *rest, **named)
        act(result[0], properties)
        return result

    def update_and_act(physical_id: str, old: Properties, new: Properties, *rest: Any, **named: Any) -> Any:
        result = update(physical_id, old, new, *rest, **named)
        act(result[0], new)
        return result

    handler.update(create=create_and_act, update=update_and_act)
