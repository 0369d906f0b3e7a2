"""Following what CloudFormation does to a stack, event by event, to the end."""

from __future__ import annotations

from collections.abc import Callable

import anyio
import msgspec

from sundog.aws.cloudformation import STACK_TYPE, StackEvent, StackState, describe_stack, events_until
from sundog.aws.endpoint import AwsConnection

_UNDER_WAY = "_IN_PROGRESS"


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How an operation went."""

    status: str
    """The stack's own at the end."""
    events: tuple[StackEvent, ...]

    @property
    def succeeded(self) -> bool:
        """Whether the operation reached what it was started for."""
        return self.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"}

    @property
    def failures(self) -> list[StackEvent]:
        """What failed of itself, first things first; what CloudFormation only stopped because of it is left out."""
        return [event for event in self.events if _is_real_failure(event)]


_CONSEQUENCES = ("cancelled", "the following resource(s) failed")


def _is_real_failure(event: StackEvent) -> bool:
    reason = (event.reason or "").lower()
    return (
        event.status.endswith("_FAILED")
        and not _is_own(event)
        and not any(text in reason for text in _CONSEQUENCES)
    )


def _is_own(event: StackEvent) -> bool:
    """Whether an event is about the stack and not about a resource of it (which may be a stack as well)."""
    return (
        event.resource_type == STACK_TYPE
        and ":stack/" in event.physical_id
        and event.physical_id.split("/")[1:2] == [event.logical_id]
    )


async def follow(
    connection: AwsConnection, stack_id: str, token: str, on_event: Callable[[StackEvent], None]
) -> Course:
    """Follow one operation on a stack to its end.

    Args:
        connection: The way to the stage.
        stack_id: The id, which also finds a stack that is being deleted.
        token: The ClientRequestToken that the operation was started with.
        on_event: Told each event about a resource as it is seen.
    """
    delay = connection.pace.first
    events: list[StackEvent] = []
    while True:
        new = await _newer(connection, stack_id, token, events)
        for event in new:
            if not _is_own(event):
                on_event(event)
        events += new
        own = [event for event in new if _is_own(event)]
        if own and not own[-1].status.endswith(_UNDER_WAY):
            return Course(status=own[-1].status, events=tuple(events))
        # News means that more is likely to follow at once.
        delay = connection.pace.first if new else connection.pace.next(delay)
        await anyio.sleep(delay)


async def _newer(
    connection: AwsConnection, stack_id: str, token: str, events: list[StackEvent]
) -> list[StackEvent]:
    if events:
        seen = events[-1].event_id
        return await events_until(connection, stack_id, lambda event: event.event_id == seen)
    # The operation begins with the oldest event that carries the token; what is older belongs to an earlier one. Newer
    # ones may carry another token: that of whoever cancelled the operation.
    ours = False

    def is_older(event: StackEvent) -> bool:
        nonlocal ours
        ours = ours or event.token == token
        return ours and event.token != token

    found = await events_until(connection, stack_id, is_older)
    return found if ours else []


async def settled(
    connection: AwsConnection, state: StackState, on_wait: Callable[[StackState], None]
) -> tuple[StackState | None, bool]:
    """Wait until nobody changes a stack any more.

    Args:
        connection: The way to the stage.
        state: The stack as last seen.
        on_wait: Told once, when there is something to wait for.

    Returns:
        The stack, None when it is gone; and whether it still was in progress when there was no news for too long.
    """
    if not state.in_progress:
        return state, False
    on_wait(state)
    delay, idle, newest = connection.pace.first, 0.0, ""
    while idle < connection.stalled_after_seconds:
        await anyio.sleep(delay)
        idle += delay
        delay = connection.pace.next(delay)
        found = await describe_stack(connection, state.stack_id)
        if found is None or found.status == "DELETE_COMPLETE":
            return None, False
        if not found.in_progress:
            return found, False
        state = found
        recent = await events_until(connection, state.stack_id, lambda _event: True, inclusive=True)
        if recent and recent[-1].event_id != newest:
            newest, idle = recent[-1].event_id, 0.0
    return state, True
