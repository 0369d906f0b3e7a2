"""The findings of `sundog doctor`, on stdout: they are data."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sundog.cli.doctor.finding import Finding
from sundog.cli.render.output import Output, Style, line

_STYLES: dict[str, Style] = {"ok": "green", "warn": "yellow", "fail": "red bold"}


def show_findings(output: Output, findings: Sequence[Finding]) -> None:
    """Write one line per check, and what to do below those that need something."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        if output.as_json:
            output.json({"type": "Finding", **msgspec.to_builtins(finding)})
            continue
        output.data_line(
            line(
                (finding.status.ljust(4), _STYLES[finding.status]),
                f"  {finding.name.ljust(width)}  {finding.detail}",
            )
        )
        if finding.fix:
            output.data_line(line(" " * (width + 8), ("hint: ", "cyan"), finding.fix))
