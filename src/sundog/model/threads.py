"""Work in a thread that ends when its task is cancelled.

Apart from `programs`, which a synth reads as well: it has no use for what is imported here.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import anyio

from sundog.model.programs import UNWANTED

_Result = TypeVar("_Result")


async def in_thread(function: Callable[..., _Result], *arguments: object) -> _Result:
    """Run a function that runs programs, in a thread.

    When the task is cancelled, the program that runs is ended with all that it started, and the function is waited for: it
    removes what it has left half done.

    Args:
        function: What to run. Where it waits for something else than a program, it calls `programs.check_wanted`.
        arguments: Its arguments.
    """
    stop = threading.Event()
    context = contextvars.copy_context()
    context.run(UNWANTED.set, stop)
    work = asyncio.get_running_loop().run_in_executor(None, partial(context.run, function, *arguments))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        stop.set()
        with anyio.CancelScope(shield=True):
            await asyncio.wait({work})
        # Nobody is interested any more in what it failed with.
        work.exception()
        raise
