"""What `sundog coldstart` shows: all of it is data, so it goes to stdout."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

from sundog.cli.errors import ColdStartOverBudget
from sundog.cli.render.output import Line, Output, line
from sundog.live.coldstart.shares import Change, Share
from sundog.live.coldstart.tree import Imported
from sundog.session.coldstart import ColdStart

_DEEPEST = 4
_SMALLEST_SHARE = 0.02
"""Modules below a fiftieth of the whole are left out of the tree; `--json` has all."""
_MOST_SHARES = 12


def show_cold_start(output: Output, found: ColdStart, *, is_local: bool) -> None:
    """Write what was found."""
    if output.as_json:
        output.json(as_data(found))
        return
    measured = found.analysis
    rounds = f"median of {len(measured.rounds_ms)}: {_range(measured.rounds_ms)}"
    output.data_line(
        line((found.function.name, "bold"), f"  import {_ms(measured.median_ms)}  ", (f"({rounds})", "dim"))
    )
    where = "in local sessions, whose workers have most packages loaded already" if is_local else "on Lambda"
    for what, times, counted in (
        ("init", found.reported.init_ms, "cold start"),
        ("restore", found.reported.restore_ms, "restored environment"),
    ):
        if times:
            middle = _ms(statistics.median(times))
            spread = f"{_counted(len(times), counted)}: {_range(times)}"
            output.data_line(line(f"{what} {where} {middle}  ", (f"({spread})", "dim")))
    output.data_line(line())
    for row in (
        *_share_rows(measured.shares),
        line(),
        *_tree_rows(measured.tree),
        *_change_rows(measured.changes),
    ):
        output.data_line(row)
    for note in found.notes:
        output.talk(("note: ", "dim"), note)


def refuse_over_budget(found: ColdStart, budget_ms: float | None) -> None:
    """Fail when the import takes longer than it may.

    Raises:
        ColdStartOverBudget: It does.
    """
    analysis, median = found.analysis, found.analysis.median_ms
    if budget_ms is None or median <= budget_ms:
        return
    first = analysis.changes[0] if analysis.changes else None
    raise ColdStartOverBudget(
        f"importing `{found.function.handler}` takes {_ms(median)}, the budget is {_ms(budget_ms)}",
        where=None if first is None else _place(first),
        why=None
        if first is None
        else f"`{first.package}` takes {_ms(first.time_ms)} of it, with all that it imports",
        fix="raise `--budget`" if first is None else first.advice,
    )


def as_data(found: ColdStart) -> dict[str, Any]:
    """Return everything as one JSON object."""
    analysis = found.analysis
    return {
        "type": "ColdStart",
        "function": found.function.id,
        "interpreter": analysis.interpreter,
        "import_ms": analysis.median_ms,
        "rounds_ms": analysis.rounds_ms,
        "reported_init_ms": found.reported.init_ms,
        "reported_restore_ms": found.reported.restore_ms,
        "dependencies": [
            {
                "name": share.name,
                "time_ms": share.time_ms,
                "time_share": share.time_share,
                "size_bytes": share.size_bytes,
                "size_share": share.size_share,
                "modules": share.modules,
            }
            for share in analysis.shares
        ],
        "changes": [
            {
                "package": change.package,
                "time_ms": change.time_ms,
                "time_share": change.time_share,
                "file": change.file,
                "line": change.line,
                "advice": change.advice,
            }
            for change in analysis.changes
        ],
        "tree": [_node(module) for module in analysis.tree],
        "notes": found.notes,
    }


def _node(module: Imported) -> dict[str, Any]:
    return {
        "module": module.name,
        "self_ms": module.self_ms,
        "total_ms": module.total_ms,
        "imports": [_node(child) for child in module.children],
    }


def _share_rows(shares: list[Share]) -> Iterator[Line]:
    shown = shares[:_MOST_SHARES]
    width = max(len(share.name) for share in shown) if shown else 0
    yield line((f"{'':{width}}      time           package", "dim"))
    for share in shown:
        time = f"{_ms(share.time_ms):>9} {share.time_share:>4.0%}"
        size = f"{_size(share.size_bytes):>9} {share.size_share:>4.0%}" if share.size_bytes else ""
        note = f"  {share.note}" if share.note else ""
        yield line(f"{share.name:{width}} {time} {size:>14}".rstrip(), (note, "yellow"))
    if len(shares) > len(shown):
        yield line((f"and {len(shares) - len(shown)} more", "dim"))


def _tree_rows(tree: list[Imported]) -> Iterator[Line]:
    whole = sum(module.total_ms for module in tree) or 1.0

    def rows(modules: list[Imported], depth: int) -> Iterator[Line]:
        for module in sorted(modules, key=lambda one: -one.total_ms):
            if module.total_ms / whole < _SMALLEST_SHARE or depth > _DEEPEST:
                continue
            share = f"{module.total_ms / whole:>4.0%}"
            yield line(f"{_ms(module.total_ms):>9} ", (share, "dim"), f" {'  ' * depth}{_short(module.name)}")
            yield from rows(module.children, depth + 1)

    yield from rows(tree, 0)


def _change_rows(changes: list[Change]) -> Iterator[Line]:
    if not changes:
        return
    yield line()
    yield line(("what to change first", "bold"))
    for number, change in enumerate(changes, 1):
        share = f"{change.time_share:.0%} of the import"
        yield line(f"  {number}. {change.package}  {_ms(change.time_ms)}, {share}")
        yield line(("     --> ", "cyan"), _place(change))
        yield line(("     hint: ", "cyan"), change.advice)


def _place(change: Change) -> str:
    return change.file if change.line is None else f"{change.file}:{change.line}"


def _short(module: str) -> str:
    """Return a module's name without the folder that packages of Node are installed in."""
    return module.rpartition("node_modules/")[2]


def _ms(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"


def _range(values: list[float]) -> str:
    return f"{_ms(min(values))} to {_ms(max(values))}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _size(value: int) -> str:
    return f"{value / 1024 / 1024:.1f} MB" if value >= 1024 * 1024 else f"{value / 1024:.0f} kB"
