"""Runs a job in AWS CodeBuild: `python -m sundog_runtime.job`, in the folder of the unpacked code.

The handler is in `SUNDOG_HANDLER` and its payload in `SUNDOG_PAYLOAD`. What it raises is printed, and the build fails.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class JobContext:
    """What a job's handler is given as its second argument: the part of Lambda's context that a job has."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read it from the environment of the build."""
        self.aws_request_id = environ.get("CODEBUILD_BUILD_ID", "")
        self.function_name = environ.get("SUNDOG_JOB", "")
        self.function_version = "$LATEST"
        self._deadline = time.monotonic() + float(environ.get("SUNDOG_TIMEOUT_SECONDS", 0))

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the job may still run."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def main(environ: Mapping[str, str]) -> int:
    """Run the job; return the status of the process."""
    module, _, name = environ["SUNDOG_HANDLER"].rpartition(".")
    try:
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
        handler(json.loads(environ["SUNDOG_PAYLOAD"]), JobContext(environ))
    except Exception:  # noqa: BLE001 - whatever the user's code raises is the job's failure
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
