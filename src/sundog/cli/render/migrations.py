"""What `sundog migrate --list` shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from sundog.cli.render.output import Output, line

if TYPE_CHECKING:
    from sundog.deploy.migrations.run import MigrationState

_COLORS = {"ran": "green", "pending": "yellow", "edited": "red", "missing": "red"}


def show_states(output: Output, states: Sequence[MigrationState]) -> None:
    """Write a line for each migration: its database, its name, whether and when it ran, and whether it can be undone."""
    databases = {state.database for state in states}
    width = max((len(state.name) for state in states), default=0)
    for state in states:
        if output.as_json:
            output.json({"type": "Migration", **msgspec.to_builtins(state)})
            continue
        database = f"{state.database}  " if len(databases) > 1 else ""
        when = f"  {state.ran_at}" if state.ran_at else ""
        way = "" if state.can_undo else "  (cannot be undone)"
        output.data_line(
            line(
                f"{database}{state.name.ljust(width)}", (f"  {state.state}", _COLORS[state.state]), when + way
            )
        )
