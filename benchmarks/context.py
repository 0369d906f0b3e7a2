"""What every measurement is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where to work, and how often."""

    home: Path
    """Kept between runs: the peers' installations."""
    folder: Path
    """Empty, removed after the measurement."""
    rounds: int
