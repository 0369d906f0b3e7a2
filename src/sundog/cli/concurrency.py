"""Run an asynchronous command so that Ctrl-C, SIGTERM and a closed terminal end it with its clean-up done."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import anyio

from sundog.cli.errors import Terminated
from sundog.cli.render.output import Output
from sundog.errors import Cancelled, SeveralErrors, SundogError, leaves

Result = TypeVar("Result")

_SIGNALS = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


def run_async(work: Callable[[], Awaitable[Result]], output: Output) -> Result:
    """Run a coroutine function to its end.

    The first signal cancels it and waits for its clean-up; a second Ctrl-C ends the process at once.

    Raises:
        Cancelled: Ctrl-C ended it.
        Terminated: SIGTERM or SIGHUP did.
        SundogError: It failed; `SeveralErrors` when tasks of it failed with more than one.
    """
    try:
        return anyio.run(_run, work, output)
    except BaseExceptionGroup as group:
        found = error_of(group)
        if found is None:
            raise
        raise found from found.__cause__


def error_of(group: BaseExceptionGroup[BaseException]) -> SundogError | None:
    """Return what a group of tasks failed with as one error, or None when something in it is no error of ours."""
    failed = leaves(group)
    ours = [leaf for leaf in failed if isinstance(leaf, SundogError)]
    if len(ours) == len(failed):
        return ours[0] if len(ours) == 1 else SeveralErrors(ours)
    return Cancelled("cancelled") if any(isinstance(leaf, KeyboardInterrupt) for leaf in failed) else None


async def _run(work: Callable[[], Awaitable[Result]], output: Output) -> Result:
    if sys.platform == "win32":
        return await work()
    outcome: list[Result] = []
    caught: list[signal.Signals] = []

    async def watch(received: AsyncIterator[signal.Signals], scope: anyio.CancelScope) -> None:
        async for number in received:
            if caught and number == signal.SIGINT:
                os._exit(Cancelled.exit_code)
            if not caught:
                caught.append(number)
                if number == signal.SIGINT and output.is_terminal:
                    output.talk(("\nstopping; Ctrl-C again stops at once", "dim"))
                scope.cancel()

    # The handlers are in place before the work begins: a signal is never met by Python's own.
    with anyio.open_signal_receiver(*_SIGNALS) as received:
        async with anyio.create_task_group() as watching:
            with anyio.CancelScope() as scope:
                watching.start_soon(watch, received, scope)
                outcome.append(await work())
            watching.cancel_scope.cancel()
    if caught and not outcome:
        raise Cancelled("cancelled") if caught[0] == signal.SIGINT else Terminated("told to end")
    return outcome[0]
