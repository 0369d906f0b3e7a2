"""jsii's Node process without the process that jsii puts between.

jsii starts a small Node program that starts the real one and copies each message twice. A synth of ten functions sends
hundreds of messages, so the copying is half of what a warm synth takes. The real program speaks the same protocol on
file descriptor 3; here it is started with a socket there. When jsii's files are not as expected, jsii's own way is used.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jsii._kernel.providers import process as jsii_process

_PROTOCOL_DESCRIPTOR = 3
_PR_SET_PDEATHSIG = 1
_YOUNG_GENERATION_MB = 1


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends, where it can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def starting_directly(output: Path) -> Iterator[None]:
    """Let jsii start its Node program directly inside the block.

    Args:
        output: Takes what Node prints.
    """
    provider: Any = jsii_process
    original = provider._NodeProcess
    provider._NodeProcess = lambda: DirectNodeProcess(output)
    try:
        yield
    finally:
        provider._NodeProcess = original


class DirectNodeProcess(jsii_process._NodeProcess):
    """The Node program that serves the kernel, as a child of this process."""

    def __init__(self, output: Path) -> None:
        self._output = output
        super().__init__()  # type: ignore[no-untyped-call]  # jsii's provider has no annotations

    def start(self) -> None:
        """Start the program and wait for its greeting."""
        program = Path(self._jsii_runtime()).parents[1] / "lib" / "program.js"
        if "JSII_RUNTIME" in os.environ or not program.exists():
            super().start()  # type: ignore[no-untyped-call]
            return
        environ = {**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"}
        ours, theirs = socket.socketpair()
        # subprocess keeps a pipe of its own open in the child; it must not be the descriptor that is given to Node.
        if not _is_open(_PROTOCOL_DESCRIPTOR):
            os.dup2(theirs.fileno(), _PROTOCOL_DESCRIPTOR)
        with self._output.open("ab") as output:
            self._process: Any = subprocess.Popen(  # a socket takes the place of its pipes
                [
                    environ.get("JSII_NODE", "node"),
                    "--max-old-space-size=4069",
                    # Halves what the process holds while it waits, and costs a synth nothing that can be measured.
                    f"--max-semi-space-size={_YOUNG_GENERATION_MB}",
                    "--preserve-symlinks",
                    str(program),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environ,
                pass_fds=(_PROTOCOL_DESCRIPTOR,),
                preexec_fn=_before_exec(theirs.fileno()),  # noqa: PLW1509 - nothing here has threads
            )
        theirs.close()
        self._process.stdin = ours.makefile("wb")
        self._process.stdout = ours.makefile("rb")
        ours.close()
        self.handshake()

    def stop(self) -> None:
        """End the program at once: it has nothing to save."""
        process = getattr(self, "_process", None)
        if process is not None:
            process.kill()
            process.wait()
        self._ctx_stack.close()


def _before_exec(protocol: int) -> Callable[[], None]:
    def prepare() -> None:
        os.dup2(protocol, _PROTOCOL_DESCRIPTOR)
        os.set_inheritable(_PROTOCOL_DESCRIPTOR, True)  # noqa: FBT003 - the function's only argument
        end_with_parent()

    return prepare


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True
