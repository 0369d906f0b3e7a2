"""Prints what was measured; keeps `results.json`, one section per number, and `RESULTS.md`, which is made of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DATA_FILE = HERE / "results.json"
PAGE_FILE = HERE / "RESULTS.md"


def section(machine: Mapping[str, str], rows: list[dict[str, object]], failure: str | None) -> dict[str, Any]:
    """Return what is kept of one measurement."""
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": _commit(),
        "machine": dict(machine),
        "rows": rows,
        "failure": failure,
    }


def keep(sections: Mapping[str, Any], titles: Mapping[str, str]) -> None:
    """Replace the sections that were measured now, and write the page anew."""
    kept = json.loads(DATA_FILE.read_text("utf-8")) if DATA_FILE.exists() else {}
    kept |= sections
    ordered = {number: kept[number] for number in titles if number in kept}
    DATA_FILE.write_text(json.dumps(ordered, indent=1, ensure_ascii=False) + "\n", "utf-8")
    PAGE_FILE.write_text(as_markdown(ordered, titles), "utf-8")


def as_markdown(sections: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """Return the tables, as they stand in `RESULTS.md`."""
    lines = ["# Results", "", "Written by `python -m benchmarks --write`; not edited by hand."]
    machines = [found["machine"] for found in sections.values()]
    common = {name: value for name, value in machines[0].items() if all(m[name] == value for m in machines)}
    lines += ["", "The machine:", "", *(f"- {name}: {value}" for name, value in common.items())]
    for number, found in sections.items():
        own = "".join(f", {name} {found['machine'][name]}" for name in found["machine"] if name not in common)
        lines += [
            "",
            f"## {titles[number]}",
            "",
            f"{found['measured']}, commit `{found['commit']}`{own}.",
            "",
        ]
        lines += [f"Not measured: {found['failure']}"] if found["failure"] else _table(found["rows"])
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| who | rounds | p50 | p99 | min | max | unit |",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        numbers = " | ".join(_rounded(row[name]) for name in ("p50", "p99", "min", "max"))
        lines.append(f"| {row['subject']} | {row['rounds']} | {numbers} | {row['unit']} |")
    bars = [bar for row in rows for bar in row["bars"]]
    if bars:
        lines += [
            "",
            *(f"- {'holds' if bar['holds'] else '**does not hold**'}: {bar['bar']}" for bar in bars),
        ]
    for row in rows:
        if row["notes"]:
            lines += ["", f"{row['subject']}: {row['notes']}"]
    return lines


def _rounded(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    finished = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    return finished.stdout.strip() or "unknown"
