"""How long `sundog --help` takes, beside the bare interpreter and a peer's help."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.context import Context
from benchmarks.measure import Result, at_most
from benchmarks.peers import chalice_local
from benchmarks.sessions import sundog


def measure(context: Context) -> list[Result]:
    commands: dict[str, Sequence[str]] = {
        "`sundog --help`": sundog("--help"),
        "`python -c pass`": [sys.executable, "-c", "pass"],
        f"`chalice --help` {chalice_local.VERSION}": [str(chalice_local.program(context.home)), "--help"],
    }
    samples: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(context.rounds + 1):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, cwd=context.folder, check=True)
            samples[name].append((time.perf_counter() - started) * 1000)
    # The first round warms the disk's cache.
    ours, *others = [
        Result(number="cli_help", subject=name, unit="ms", samples=times[1:])
        for name, times in samples.items()
    ]
    bar = at_most(ours.median, 150, f"p50 < 150 ms: {ours.median:.0f} ms")
    return [replace(ours, bars=[bar]), *others]
