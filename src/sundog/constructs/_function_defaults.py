"""What functions of an app or a stack have in common, said before they are declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constructs import Node

from sundog.constructs._function_props import function_props, merged
from sundog.constructs._registry import Registry
from sundog.errors import ConstructError


class LateDefaults(ConstructError):
    """Defaults for functions were set after a function that they should have applied to.

    `set_function_defaults` stands above all functions. `add_function_defaults`, with `environment`, `bind`, `permissions` and
    `layers`, may stand anywhere, and counts for the functions below it.
    """

    code = "SD-CONSTRUCT-040"


class HasFunctionDefaults:
    """What an app and a stack let users set for all of their functions."""

    registry: Registry
    node: Node

    def set_function_defaults(self, **settings: Any) -> None:
        """Set what all functions of the app, or of this stack, have in common. A stack's are laid over the app's.

        Args:
            settings: Settings of `Function`.

        Example:
            >>> app.set_function_defaults(timeout=20, environment={"LOG_LEVEL": "INFO"})

        Raises:
            LateDefaults: It has a function already.
        """
        # The app's own id is empty.
        registry, path = self.registry, self.node.id
        late = path in registry.paths_with_functions if path else bool(registry.paths_with_functions)
        if late:
            raise LateDefaults(
                f"{f'stack `{path}`' if path else 'the app'} has functions already",
                where=registry.location(),
                why="defaults apply to the functions that are declared after them",
                fix=[
                    "move `set_function_defaults` above the first function",
                    "or, if the functions below it are enough, write `add_function_defaults`",
                ],
            )
        _add(registry, path, settings)

    def add_function_defaults(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        bind: Sequence[Any] | None = None,
        permissions: Sequence[Any] | str | None = None,
        layers: Sequence[Any] | None = None,
    ) -> None:
        """Give all functions of the app, or of this stack, from here on more of what adds up.

        Unlike `set_function_defaults` it may stand below functions, which it leaves as they are.

        Args:
            environment: Environment variables.
            bind: Resources.
            permissions: Permissions.
            layers: Layers.

        Example:
            >>> app.add_function_defaults(bind=[users], environment={"LOG_LEVEL": "INFO"})
        """
        given = {"environment": environment, "bind": bind, "permissions": permissions, "layers": layers}
        settings = {name: value for name, value in given.items() if value is not None}
        _add(self.registry, self.node.id, settings)


def _add(registry: Registry, path: str, settings: Mapping[str, Any]) -> None:
    own = function_props(settings, registry.location())
    before = registry.function_defaults.get(path)
    registry.function_defaults[path] = own if before is None else merged(before, own)
