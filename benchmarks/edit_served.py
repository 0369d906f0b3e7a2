"""From saving a handler to the first HTTP answer of the new code: what a developer who presses reload waits for.

The handler imports boto3 and makes a client. All servers run at once and take turns; a pause of random length before each save
meets those that poll at every phase of their interval. Every question has a connection of its own, and the next is asked
two milliseconds after an answer of old code, a refused or a broken connection.

A peer that never sees an edit is asked for the next one, and its misses are noted; sundog missing one ends the benchmark.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from string import Template

from benchmarks import handlers
from benchmarks.client import until_answers
from benchmarks.context import Context
from benchmarks.measure import Result, times_faster
from benchmarks.peers import all_peers
from benchmarks.single_function import serving

_MISSED_AFTER_SECONDS = 20


def measure(context: Context) -> list[Result]:
    with ExitStack() as stack:
        ours = stack.enter_context(serving(context.folder / "sundog"))
        targets: dict[str, tuple[str, Path, Template]] = {
            "sundog": (ours.url, ours.handler_file, handlers.LAMBDA)
        }
        for number, peer in enumerate(all_peers(context.home)):
            server = stack.enter_context(peer.serve(context.folder / f"peer-{number}"))
            targets[peer.name] = (server.url, server.handler_file, server.template)
        samples: dict[str, list[float]] = {name: [] for name in targets}
        missed = dict.fromkeys(targets, 0)
        for version in range(1, context.rounds + 1):
            for name, (url, file, template) in targets.items():
                time.sleep(random.random())
                started = time.perf_counter()
                handlers.save(file, template, version)
                try:
                    until_answers(url, handlers.answer(version), deadline_seconds=_MISSED_AFTER_SECONDS)
                except TimeoutError:
                    if name == "sundog":
                        raise
                    missed[name] += 1
                    continue
                samples[name].append((time.perf_counter() - started) * 1000)
    first, *others = [
        Result(
            number="edit_served",
            subject=name,
            unit="ms",
            samples=times,
            notes=f"missed {missed[name]} of {context.rounds} edits" if missed[name] else "",
        )
        for name, times in samples.items()
    ]
    return [replace(first, bars=[times_faster(first, other, 1) for other in others]), *others]
