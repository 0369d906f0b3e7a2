"""The `sundog` command: reads options, calls the session, shows what comes back.

`--help` must be quick, so nothing here imports a command before it is called, and no command imports what it may not need.
"""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from sundog.cli.run import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        # Before a command has begun, or when it has ended: nothing is left to clean up.
        code = INTERRUPTED
    sys.exit(code)
