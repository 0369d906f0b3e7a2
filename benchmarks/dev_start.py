"""From `sundog dev` to ready on the notes app: when nothing was edited since the last start, and for the first time."""

from __future__ import annotations

import shutil
from dataclasses import replace

from benchmarks.context import Context
from benchmarks.measure import Result, at_most
from benchmarks.sessions import copy_example, developing


def measure(context: Context) -> list[Result]:
    root = copy_example(context.folder / "notes")
    samples = []
    for number in range(context.rounds + 1):
        with developing(root) as session:
            if number:  # the first start is the other measurement's
                samples.append(session.start_seconds)
    result = Result(number="dev_start", subject="sundog", unit="s", samples=samples)
    bar = at_most(result.median, 2.5, f"p50 < 2.5 s: {result.median:.2f} s")
    return [replace(result, bars=[bar])]


def measure_first(context: Context) -> list[Result]:
    rounds = max(3, context.rounds // 6)
    samples = []
    for number in range(rounds):
        root = copy_example(context.folder / f"notes-{number}")
        with developing(root) as session:
            samples.append(session.start_seconds)
        shutil.rmtree(root)
    result = Result(number="dev_first_start", subject="sundog", unit="s", samples=samples)
    bar = at_most(result.median, 12, f"p50 < 12 s: {result.median:.2f} s")
    return [replace(result, bars=[bar])]
