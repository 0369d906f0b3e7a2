"""The `sundog` command: reads options, calls the session, shows what comes back.

`--help` must be quick, so nothing here imports a command before it is called, and no command imports what it may not need.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from sundog.cli.run import run

    sys.exit(run(sys.argv[1:]))
