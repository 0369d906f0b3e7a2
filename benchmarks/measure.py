"""What a benchmark returns: samples with a unit, and the bar they are held against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A limit from the design."""

    text: str
    holds: bool


@dataclass(frozen=True, kw_only=True)
class Result:
    """One line of the table: one subject under one measurement."""

    number: str
    """Which measurement: the module's name."""
    subject: str
    """Who was measured: `sundog`, or a peer with its version."""
    unit: str
    samples: Sequence[float]
    bars: Sequence[Bar] = ()
    notes: str = ""
    detail: dict[str, object] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The middle sample, or the mean of the two in the middle."""
        ordered = sorted(self.samples)
        middle = len(ordered) // 2
        return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2

    @property
    def p99(self) -> float:
        """The smallest sample that 99 of 100 do not exceed; the largest when there are fewer than 100."""
        ordered = sorted(self.samples)
        return ordered[math.ceil(0.99 * len(ordered)) - 1]

    def as_dict(self) -> dict[str, object]:
        return {
            "number": self.number,
            "subject": self.subject,
            "unit": self.unit,
            "rounds": len(self.samples),
            "p50": round(self.median, 3),
            "p99": round(self.p99, 3),
            "min": round(min(self.samples), 3),
            "max": round(max(self.samples), 3),
            "bars": [{"bar": bar.text, "holds": bar.holds} for bar in self.bars],
            "notes": self.notes,
            **self.detail,
        }


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A line whose samples were taken elsewhere; only what was made of them is known."""

    number: str
    subject: str
    unit: str
    rounds: int
    median: float
    p99: float
    largest: float | None
    bars: Sequence[Bar] = ()
    notes: str = ""

    def as_dict(self) -> dict[str, object]:
        return {
            "number": self.number,
            "subject": self.subject,
            "unit": self.unit,
            "rounds": self.rounds,
            "p50": self.median,
            "p99": self.p99,
            "min": None,
            "max": self.largest,
            "bars": [{"bar": bar.text, "holds": bar.holds} for bar in self.bars],
            "notes": self.notes,
        }


def at_most(value: float, limit: float, text: str) -> Bar:
    return Bar(text=text, holds=value < limit)


def times_faster(ours: Result, theirs: Result, least: float) -> Bar:
    """Compare medians of the same run."""
    ratio = theirs.median / ours.median
    return Bar(
        text=f"≥ {least:g} times faster than {theirs.subject}: {ratio:.1f} times", holds=ratio >= least
    )
