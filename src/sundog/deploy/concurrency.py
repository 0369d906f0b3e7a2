"""Several things at once, and their errors as a person can read them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio

from sundog.errors import SeveralErrors, SundogError

Item = TypeVar("Item")
Result = TypeVar("Result")


async def for_all(function: Callable[[Item], Awaitable[Result]], items: Iterable[Item]) -> list[Result]:
    """Call an async function with every item at once and return the results in the items' order.

    All calls run to their end; errors are collected.

    Raises:
        SundogError: One call failed.
        SeveralErrors: More than one did.
    """
    todo = list(items)
    if len(todo) == 1:
        return [await function(todo[0])]
    results: dict[int, Result] = {}
    errors: list[SundogError] = []

    async def run(index: int, item: Item) -> None:
        try:
            results[index] = await function(item)
        except SundogError as error:
            errors.append(error)

    async with anyio.create_task_group() as group:
        for index, item in enumerate(todo):
            group.start_soon(run, index, item)
    raise_all(errors)
    return [results[index] for index in range(len(todo))]


def raise_all(errors: list[SundogError]) -> None:
    """Raise what was collected: nothing, the one error, or all of them as one."""
    if len(errors) > 1:
        # The same cause reported by ten calls (no credentials) is one problem.
        unique = list({(type(error), error.what, str(error.where)): error for error in errors}.values())
        raise unique[0] if len(unique) == 1 else SeveralErrors(unique)
    if errors:
        raise errors[0]
