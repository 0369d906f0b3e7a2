"""When the process ends: with its parent, at a signal, and never later than the deadline."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from typing import BinaryIO

_POLL_SECONDS = 1.0


class Lifetime:
    """Tells the server when to stop, and ends the process when it does not."""

    def __init__(self, shutdown_seconds: float) -> None:
        """Prepare; nothing is watched yet.

        Args:
            shutdown_seconds: From the first wish to stop to the hard end.
        """
        self._shutdown_seconds = shutdown_seconds
        self._stop = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: threading.Timer | None = None

    def watch(self, parent: BinaryIO) -> None:
        """Watch signals and the parent; to be called in the event loop.

        Args:
            parent: A pipe that the parent holds open: its end is the parent's end, however it came.
        """
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(number, self.stop)
        threading.Thread(target=self._watch_parent, args=(parent, os.getppid()), daemon=True).start()

    async def stopped(self) -> None:
        """Wait until the process is to stop."""
        await self._stop.wait()

    def stop(self) -> None:
        """Ask the server to stop, and make sure that the process ends."""
        if self._timer is None:
            # A thread, because the event loop may be what does not return.
            self._timer = threading.Timer(self._shutdown_seconds, end_process, args=(1,))
            self._timer.daemon = True
            self._timer.start()
        self._stop.set()

    def _watch_parent(self, parent: BinaryIO, parent_id: int) -> None:
        while True:
            readable = select.select([parent], [], [], _POLL_SECONDS)[0]
            if (readable and not os.read(parent.fileno(), 4096)) or os.getppid() != parent_id:
                break
        assert self._loop is not None  # noqa: S101 - watch() has set it
        # The loop may be blocked or closed; the timer must run all the same.
        self._timer = threading.Timer(self._shutdown_seconds, end_process, args=(1,))
        self._timer.daemon = True
        self._timer.start()
        try:
            self._loop.call_soon_threadsafe(self._stop.set)
        except RuntimeError:
            end_process(0)


def end_process(status: int) -> None:
    """End this process at once, and the processes it has started with it."""
    sys.stderr.flush()
    if os.getpgrp() == os.getpid():
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.killpg(os.getpgrp(), signal.SIGTERM)
    os._exit(status)
