"""`python -m benchmarks [NUMBER …]`: measure, print a table or JSON, optionally write RESULTS.md."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import (
    cli_help,
    concurrent_saves,
    dev_start,
    edit_served,
    idle_memory,
    infrastructure_edit,
    large_synth,
    live_numbers,
    machine,
    report,
    warm_request,
)
from benchmarks.context import Context
from sundog.model.cache import cache_dir

NUMBERS = {
    "live_edit": ("Save a Python handler that uses boto3 → new code imported and ready", live_numbers.python),
    "live_edit_node": ("Save a TypeScript handler → built, loaded and ready", live_numbers.node),
    "edit_served": ("Save a handler → first HTTP answer of the new code", edit_served.measure),
    "warm_request": ("Warm request through the local HTTP API into a Python function", warm_request.measure),
    "cli_help": ("`sundog --help`", cli_help.measure),
    "infrastructure_edit": ("Infrastructure edit → deployed, notes app", infrastructure_edit.measure),
    "dev_start": ("`sundog dev` → ready, notes app, nothing edited since the last start", dev_start.measure),
    "dev_first_start": (
        "`sundog dev` → ready, first start with warm package caches",
        dev_start.measure_first,
    ),
    "large_synth": ("An app of 200 functions synthesized, with nothing loaded and warm", large_synth.measure),
    "idle_memory": ("An idle session with 50 functions, besides the emulator", idle_memory.measure),
    "concurrent_saves": ("1,000 requests, 50 at once, a save every second", concurrent_saves.measure),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what the command line asks for; 1 when something could not be measured or a bar does not hold."""
    options = _parser().parse_args(arguments)
    # Ended by a signal, the servers that were started end too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    home = cache_dir() / "benchmarks"
    home.mkdir(parents=True, exist_ok=True)
    titles = {number: title for number, (title, _) in NUMBERS.items()}
    sections = {}
    for number in options.numbers or NUMBERS:
        print(f"{time.strftime('%H:%M:%S')} {titles[number]}", file=sys.stderr, flush=True)
        sections[number] = _measure(number, home, options.rounds)
        if options.write:
            report.keep({number: sections[number]}, titles)
    print(json.dumps(sections, indent=1) if options.json else report.as_markdown(sections, titles))
    return 0 if all(_holds(section) for section in sections.values()) else 1


def _measure(number: str, home: Path, rounds: int) -> dict[str, Any]:
    description = machine.describe()
    _, measure = NUMBERS[number]
    with tempfile.TemporaryDirectory(prefix="sundog-benchmark-") as folder:
        context = Context(home=home, folder=Path(folder).resolve(), rounds=rounds)
        try:
            rows = [result.as_dict() for result in measure(context)]
        except Exception as error:  # noqa: BLE001 - a number that fails must not hide the others; it is reported
            traceback.print_exc()
            first_line = next(iter(str(error).splitlines()), "")
            return report.section(description, [], f"{type(error).__name__}: {first_line}")
    return report.section(description, rows, None)


def _holds(section: dict[str, Any]) -> bool:
    return not section["failure"] and all(bar["holds"] for row in section["rows"] for bar in row["bars"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "numbers", nargs="*", choices=[[], *NUMBERS], metavar="NUMBER", help=", ".join(NUMBERS)
    )
    parser.add_argument("--rounds", type=int, default=30, help="rounds of each measurement (30)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", action="store_true", help=f"put it into {report.PAGE_FILE.name}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
