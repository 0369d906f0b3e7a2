"""The program of debugpy's adapter, mended where it does not survive that an editor leaves.

The thread of the adapter that accepts connections also greets each one, and tells the oldest editor about ports. An editor
that has gone by then, or is about to go, makes that raise, and the thread ends: whoever connects later waits for ever. Seen
with debugpy 1.8.22, whose `sockets.serve` calls the handler without a `try`.

It is run by its path, with `-P`: the modules beside it are not for it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from debugpy import adapter
from debugpy.adapter.__main__ import main
from debugpy.common import log, sockets

_Handler = Callable[[socket.socket], Any]


def surviving(handler: _Handler) -> _Handler:
    """Return a handler of connections that only logs what goes wrong with one of them."""

    def handle(connection: socket.socket) -> None:
        try:
            handler(connection)
        except Exception:  # noqa: BLE001 - whatever is wrong with this connection, the next one is accepted
            log.swallow_exception("Failed to accept a connection:")

    return handle


def run() -> None:
    """Run the adapter as `python -m debugpy.adapter` does."""
    serve = sockets.serve

    def serve_on(name: str, handler: _Handler, host: str, port: int = 0) -> socket.socket:
        listener: socket.socket = serve(name, surviving(handler), host, port)
        return listener

    sockets.serve = serve_on
    # The adapter has no option for its token in the mode in which it reports where it listens. The token goes through
    # the environment, because other users of the machine can read the words of a command.
    adapter.access_token = os.environ.pop("SUNDOG_ADAPTER_TOKEN")
    main()


if __name__ == "__main__":
    run()
