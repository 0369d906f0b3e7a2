"""Runs the live session's own measurements, which need no cloud: from a save to an environment that is ready."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.context import Context
from benchmarks.measure import Summary, at_most

HERE = Path(__file__).parent


def python(context: Context) -> list[Summary]:
    """Run `live_edit.py`."""
    found = _run("live_edit", context.rounds)
    save = _row("live_edit", "sundog: save → ready", found["save_ready_ms"])
    bars = [
        at_most(save["median"], 10, f"p50 < 10 ms: {save['median']:.1f} ms"),
        at_most(save["p99"], 25, f"p99 < 25 ms: {save['p99']:.1f} ms"),
    ]
    return [
        Summary(**save, bars=bars),
        Summary(**_row("live_edit", "of which after the file system's notice", found["notice_ready_ms"])),
        Summary(**_row("live_edit", "a warm invocation in the session", found["warm_invoke_ms"])),
    ]


def node(context: Context) -> list[Summary]:
    """Run `live_edit_node.py`: a small handler, one of 300 modules, one whose bundle has 1 MB; the bars are for the small one."""
    found = _run("live_edit_node", context.rounds)["results"]
    small = found["small"]
    bars = [
        at_most(small["rest_p50_ms"], 10, f"p50 < 10 ms besides esbuild: {small['rest_p50_ms']:.1f} ms"),
        at_most(small["total_p99_ms"], 60, f"p99 < 60 ms in all: {small['total_p99_ms']:.1f} ms"),
    ]
    return [
        Summary(
            number="live_edit_node",
            subject=f"sundog: {name}, save → ready",
            unit="ms",
            rounds=value["rounds"],
            median=value["total_p50_ms"],
            p99=value["total_p99_ms"],
            largest=None,
            bars=bars if value is small else (),
            notes=f"esbuild's part of the median is {value['build_p50_ms']:.1f} ms",
        )
        for name, value in found.items()
    ]


def _row(number: str, subject: str, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "number": number,
        "subject": subject,
        "unit": "ms",
        "rounds": value["rounds"],
        "median": value["p50"],
        "p99": value["p99"],
        "largest": value["max"],
    }


def _run(module: str, rounds: int) -> dict[str, Any]:
    command = [sys.executable, str(HERE / f"{module}.py"), "--rounds", str(rounds)]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise RuntimeError(finished.stderr.strip() or f"{module}.py ended with {finished.returncode}")
    found: dict[str, Any] = json.loads(finished.stdout)
    return found
