"""Which stacks of an app are meant."""

from __future__ import annotations

from typing import Literal

from sundog.errors import UsageError, suggestion
from sundog.model.manifest import Manifest, StackEntry


class UnknownStack(UsageError):
    """The app has no stack of the name that was given."""

    code = "SD-USAGE-010"


def select_stacks(
    manifest: Manifest, only: set[str] | None, *, direction: Literal["dependencies", "dependents"]
) -> list[StackEntry]:
    """Return the stacks meant by ids or names; all when nothing is given.

    Args:
        manifest: Knows the stacks.
        only: Ids or names.
        direction: Add what they depend on, as a deploy needs, or what depends on them, as a removal does.

    Raises:
        UnknownStack: No stack has such an id or name.
    """
    if not only:
        return list(manifest.stacks)
    by_name = {entry.name: entry for entry in manifest.stacks}
    by_any = {entry.id: entry for entry in manifest.stacks} | by_name
    for name in sorted(only):
        if name not in by_any:
            close = suggestion(name, by_any)
            known = ", ".join(f"`{entry.id}`" for entry in manifest.stacks)
            raise UnknownStack(
                f"the app has no stack `{name}`",
                why=f"its stacks are {known}" if known else "it has none",
                fix=f"write `{close}`" if close else None,
            )
    next_to = {
        name: entry.depends_on
        if direction == "dependencies"
        else [other.name for other in manifest.stacks if name in other.depends_on]
        for name, entry in by_name.items()
    }
    wanted: set[str] = set()
    waiting = [by_any[name].name for name in only]
    while waiting:
        name = waiting.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            waiting += next_to[name]
    return [entry for entry in manifest.stacks if entry.name in wanted]
