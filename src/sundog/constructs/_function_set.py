"""The functions of a construct that has many: an API's, one for each handler."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sundog.constructs._bound import resource_list
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._definition import InvalidFunctionDefinition, function_of
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._permissions import Permission
from sundog.constructs.function import Function


class FunctionSet:
    """Makes the functions that a construct's users name in its routes.

    The same handler, without settings, is the same function wherever it stands. What is bound to the set reaches the
    functions that are there and those that come later.
    """

    def __init__(
        self,
        owner: SundogConstruct,
        *,
        defaults: FunctionProps | Mapping[str, Any] | None = None,
        bind: Sequence[Any] | None = None,
    ) -> None:
        """Start an empty set.

        Args:
            owner: The construct; its functions are made below it.
            defaults: The construct's `function_defaults`.
            bind: What all of the functions use.
        """
        self._owner = owner
        self._defaults = defaults
        self._bind = resource_list(owner, bind or [])
        self._permissions: list[Permission] = []
        self._by_handler: dict[str, Function] = {}
        self._all: dict[str, Function] = {}

    def function(self, key: str, definition: object, *, what: str) -> Function:
        """Return the function that a user defined, a new one if need be.

        Args:
            key: What the user calls the place: the route, the name of an authorizer.
            definition: A handler, settings or a `Function`.
            what: The same for messages: "route `GET /notes`".
        """
        if isinstance(definition, str) and definition in self._by_handler:
            return self._by_handler[definition]
        # Named for the handler, not the route: a new route above, or another path, must not replace the function.
        name = _handler_id(definition)
        child_id = name if name and self._owner.node.try_find_child(name) is None else identifier(key)
        function = function_of(
            self._owner, child_id, definition, what=what, defaults=self._defaults, bind=self._bind
        )
        if isinstance(definition, str):
            self._by_handler[definition] = function
        if function.path not in self._all:
            function.add_permissions(self._permissions)
            self._all[function.path] = function
        return function

    def bind(self, resources: Sequence[Any]) -> None:
        """Give all functions further resources, those that are added later too."""
        self._bind += resource_list(self._owner, resources)
        for function in self._all.values():
            function.bind(resources)

    def permit(self, permissions: Sequence[Permission]) -> None:
        """Give all functions further permissions, those that are added later too."""
        self._permissions += permissions
        for function in self._all.values():
            function.add_permissions(permissions)

    def split(self, definition: object, own: Sequence[str], *, what: str) -> tuple[object, dict[str, Any]]:
        """Part the settings of a route from the definition of its function.

        `{"handler": "functions/notes.create", "timeout": 20, "authorizer": "none"}` holds both; a function that exists,
        or whose settings are `FunctionProps`, is written `{"function": …, "authorizer": "none"}`.

        Args:
            definition: What the user gave for the route.
            own: Names of the route's own settings.
            what: The route, for messages.

        Raises:
            InvalidFunctionDefinition: `function` stands beside settings of a function.
        """
        if not isinstance(definition, Mapping):
            return definition, {}
        settings = {key: value for key, value in definition.items() if key in own}
        rest = {key: value for key, value in definition.items() if key not in own}
        if "function" not in rest:
            # A handler without settings is the same function as where it stands alone.
            return (rest["handler"] if list(rest) == ["handler"] else rest), settings
        function = rest.pop("function")
        if rest:
            name = next(iter(rest))
            raise self._owner.error(
                InvalidFunctionDefinition,
                f"{what} of {self._owner.kind} `{self._owner.id}` has both `function` and `{name}`",
                why="`function` stands for a whole function, with its own settings",
                fix=f"move `{name}` to where the function is defined, or write `handler` instead of `function`",
            )
        return function, settings


def identifier(key: str) -> str:
    """Return the id of a construct for what a user calls by a key, such as a route."""
    return re.sub(r"[^A-Za-z0-9]+", "_", key).strip("_")


def _handler_id(definition: object) -> str:
    handler = definition
    if isinstance(definition, FunctionProps):
        handler = definition.handler
    elif isinstance(definition, Mapping):
        handler = definition.get("handler")
    return handler.removeprefix("./").replace("/", "_") if isinstance(handler, str) else ""
