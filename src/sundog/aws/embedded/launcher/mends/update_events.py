"""What an update of a stack tells of its resources is not what it does.

It gives two events for every resource, though most are as they were; says of new resources that they are updated; and deletes
without an event those that the template has no more and those that it has replaced. AWS tells of the resources that change
only, and of the deletions after all else.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-monitor-stack.html

The emulator compares the properties of a resource, every reference in them resolved, with those of the last deploy, which it
keeps with the stack, and calls no handler where they are equal. Here such a resource gets no events either, and keeps its
time of the last change.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, TypeAlias

MODULE = "ministack.services.cloudformation.stacks"
VERSIONS = frozenset({"1.5.33"})

Record: TypeAlias = dict[str, Any]
"""What the emulator keeps of a stack or of a resource, or a part of a template."""


def mend(module: Any) -> None:
    """Hold the first event of a resource back until it is known whether the resource changes, and tell of deletions."""
    deploy, add_event = module._deploy_stack_async, module._add_event
    update_resource, delete_resource = module._update_keeping_seed, module._delete_resource
    # Of the task: what else goes on at the same time has another one, or none.
    current: ContextVar[_Update | None] = ContextVar("current", default=None)

    async def deploy_noted(stack_name: str, stack_id: str, template: Record, *rest: Any, **named: Any) -> Any:
        previous = named.get("previous_stack")
        if named.get("is_update") and previous:
            imports = named.get("imports") or {}
            current.set(_Update(module, add_event, stack_name, template, previous, imports))
        return await deploy(stack_name, stack_id, template, *rest, **named)

    def add_event_of_change(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        *more: Any,
        **named: Any,
    ) -> None:
        update = current.get()
        own = stack_id in (*more, *named.values())
        if update is not None and update.stack["StackId"] == stack_id and not own:
            status = update.status_of(logical_id, status)
            if update.takes((stack_name, logical_id, resource_type, status, *more), named):
                return
        add_event(stack_id, stack_name, logical_id, resource_type, status, *more, **named)

    def update_compared(resource_type: str, physical_id: str, old: Record, new: Record, *rest: Any) -> Any:
        update = current.get()
        if update is not None:
            update.compared(equal=old == new)
        return update_resource(resource_type, physical_id, old, new, *rest)

    def delete_told(
        resource_type: str, physical_id: str, properties: Record, stack_name: str, logical_id: str
    ) -> None:
        update = current.get()
        # A rollback tells of its own deletions, and the emulator of those that fail.
        if update is None or update.stack["StackStatus"] != "UPDATE_IN_PROGRESS":
            delete_resource(resource_type, physical_id, properties, stack_name, logical_id)
            return
        event = (update.stack["StackId"], stack_name, logical_id, resource_type)
        add_event(*event, "DELETE_IN_PROGRESS", physical_id=physical_id)
        delete_resource(resource_type, physical_id, properties, stack_name, logical_id)
        add_event(*event, "DELETE_COMPLETE", physical_id=physical_id)

    module._deploy_stack_async = deploy_noted
    module._add_event = add_event_of_change
    module._update_keeping_seed = update_compared
    module._delete_resource = delete_told


class _Update:
    """One update of one stack, which comes to one resource after the other."""

    def __init__(
        self,
        module: Any,
        add_event: Any,
        stack_name: str,
        template: Record,
        previous: Record,
        imports: Record,
    ) -> None:
        from ministack.services.cloudformation import _stacks

        self.stack: Record = _stacks[stack_name]
        self._module = module
        self._add_event = add_event
        self._previous: Record = previous["_resources"]
        self._definitions: Record = template["Resources"]
        self._previous_definitions: Record = previous["_template"].get("Resources", {})
        self._new = self._definitions.keys() - self._previous.keys() - imports.keys()
        self._retagged = module._tag_map(previous["Tags"]) != module._tag_map(self.stack["Tags"])
        _share_equal_parts(template, previous["_template"])
        self._held: tuple[Any, ...] | None = None
        self._unchanged = False

    def status_of(self, logical_id: str, status: str) -> str:
        """Return the status to tell: a new resource is created by an update, too."""
        if logical_id not in self._new or not status.startswith("UPDATE_"):
            return status
        created = status.replace("UPDATE_", "CREATE_")
        if created == "CREATE_COMPLETE":
            self.stack["_resources"][logical_id]["ResourceStatus"] = created
        return created

    def takes(self, event: tuple[Any, ...], named: Record) -> bool:
        """Say whether an event of the stack is not to be told now."""
        _, logical_id, resource_type, status, *more = event
        if self._held is None:
            # Only the event with which the update of a resource begins does not give the physical id.
            begins = status == "UPDATE_IN_PROGRESS" and not (more or named)
            if begins and self._may_be_left(logical_id, resource_type):
                self._held, self._unchanged = event, False
                return True
            return False
        if self._unchanged and (logical_id, status) == (self._held[1], "UPDATE_COMPLETE"):
            self._held = None
            self._keep_record(logical_id)
            return True
        self._tell_held()
        return False

    def compared(self, *, equal: bool) -> None:
        """Learn whether the resource at hand has the properties that it had."""
        self._unchanged = equal
        if not equal:
            self._tell_held()

    def _may_be_left(self, logical_id: str, resource_type: str) -> bool:
        """Say whether equal properties mean that nothing is done to a resource.

        A nested stack is always looked at, and new tags of the stack reach all resources but those that have none.
        """
        record = self._previous.get(logical_id)
        if (
            record is None
            or record.get("ResourceType") != resource_type
            or resource_type == "AWS::CloudFormation::Stack"
            or not record.get("ResourceStatus", "").endswith("_COMPLETE")
        ):
            return False
        if self._retagged and not (
            resource_type.startswith("Custom::") or resource_type in self._module._UNTAGGED_TYPES
        ):
            return False
        now, before = self._definitions[logical_id], self._previous_definitions.get(logical_id, {})
        return all(now.get(name) == before.get(name) for name in self._module._DIFFED_ATTRIBUTES)

    def _keep_record(self, logical_id: str) -> None:
        record, before = self.stack["_resources"][logical_id], self._previous[logical_id]
        record.update({name: before[name] for name in ("ResourceStatus", "Timestamp")})

    def _tell_held(self) -> None:
        if self._held is not None:
            event, self._held = self._held, None
            self._add_event(self.stack["StackId"], *event)


def _share_equal_parts(template: Record, previous: Record) -> None:
    """Have what two templates have in common be the same objects.

    The emulator compares the templates again for each resource, which is quick where nothing but the identity is looked at.
    Both are only read from now on, and the previous one is a copy that the update owns.
    """
    for section, parts in template.items():
        before = previous.get(section)
        if isinstance(parts, dict) and isinstance(before, dict):
            before.update(
                {name: part for name, part in parts.items() if name in before and before[name] == part}
            )
