"""What constructs tell the synth worker about the files they read.

The worker sees every file that Python opens. It cannot see why, nor what a child process reads, nor a file that was
looked for and is not there; a construct that knows says so here. The three functions raise audit events
(`sys.audit`), so this module has no state, and nothing happens when no worker listens, as under plain `cdk synth`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

BUNDLE_EVENT = "sundog.synth.bundle"
MISSING_EVENT = "sundog.synth.missing"
READ_EVENT = "sundog.synth.read"


@contextmanager
def bundle_inputs() -> Iterator[None]:
    """Mark what this thread reads inside the block as the code of functions, not as infrastructure.

    Files read here are recorded apart: an edit of one does not synthesize again in `sundog dev`, where the live
    session runs the sources themselves. A child process started here does not make the result uncacheable either.

    Example:
        >>> with bundle_inputs():
        ...     pass
    """
    sys.audit(BUNDLE_EVENT, True)  # noqa: FBT003 - the event's own argument: entered or left
    try:
        yield
    finally:
        sys.audit(BUNDLE_EVENT, False)  # noqa: FBT003


def report_missing(path: str | os.PathLike[str]) -> None:
    """Say that a file was looked for and is not there, so that its creation synthesizes again."""
    sys.audit(MISSING_EVENT, os.fspath(path))


def report_read(path: str | os.PathLike[str]) -> None:
    """Say that a file or folder was read where Python cannot see it: by a child process."""
    sys.audit(READ_EVENT, os.fspath(path))
