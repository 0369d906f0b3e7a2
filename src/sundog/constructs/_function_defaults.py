"""What functions of an app or a stack have in common, said before they are declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sundog.constructs._function_props import function_props, merged
from sundog.constructs._registry import Registry
from sundog.errors import ConstructError


class LateDefaults(ConstructError):
    """Defaults for functions were set after a function that they should have applied to.

    `set_function_defaults` stands above all functions. `add_function_defaults`, with `environment`, `bind`, `permissions` and
    `layers`, may stand anywhere, and counts for the functions below it.
    """

    code = "SD-CONSTRUCT-040"


def set_defaults(registry: Registry, path: str, settings: Mapping[str, Any], *, owner: str) -> None:
    """Lay settings over the defaults of all functions of an app or a stack.

    Args:
        registry: The app's.
        path: Of the stack; nothing for the app.
        settings: Those of `Function`.
        owner: The app or the stack, for messages.

    Raises:
        LateDefaults: It has a function already.
    """
    late = path in registry.paths_with_functions if path else bool(registry.paths_with_functions)
    if late:
        raise LateDefaults(
            f"{owner} has functions already",
            where=registry.location(),
            why="defaults apply to the functions that are declared after them",
            fix=[
                "move `set_function_defaults` above the first function",
                "or, if the functions below it are enough, write `add_function_defaults`",
            ],
        )
    add_defaults(registry, path, settings)


def add_defaults(registry: Registry, path: str, settings: Mapping[str, Any]) -> None:
    """Lay settings over the defaults of the functions of an app or a stack that are yet to come."""
    own = function_props(settings, registry.location())
    before = registry.function_defaults.get(path)
    registry.function_defaults[path] = own if before is None else merged(before, own)
