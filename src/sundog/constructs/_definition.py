"""What is taken wherever a function is wanted: a handler, settings, or a `Function` that exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sundog.constructs._bound import resource_list
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._function_props import FunctionProps, function_props, merged
from sundog.constructs.function import Function
from sundog.errors import ConstructError
from sundog.model.manifest import SourcePlace


class InheritedDefaults(ConstructError):
    """An existing `Function` is used where `function_defaults` are given, which it cannot take any more."""

    code = "SD-CONSTRUCT-023"


class InvalidFunctionDefinition(ConstructError):
    """Something that is no handler, `Function` or settings was given where a function is wanted."""

    code = "SD-CONSTRUCT-024"


class InlineFunction(Function):
    """A function that another construct makes of a handler; its id is that construct's business."""

    def __init__(
        self,
        parent: SundogConstruct,
        id: str,  # noqa: A002 - the CDK's own name
        props: FunctionProps,
        place: SourcePlace | None,
    ) -> None:
        SundogConstruct.__init__(self, parent, id, cdk=props.cdk, claims_id=False, place=place)
        self._define(props)


FunctionDefinition: TypeAlias = "str | Function | FunctionProps | Mapping[str, Any]"
"""What is taken wherever a function is wanted: a handler, a `Function`, or settings."""


def function_of(
    parent: SundogConstruct,
    child_id: str,
    definition: object,
    *,
    what: str,
    defaults: FunctionProps | Mapping[str, Any] | None = None,
    bind: Sequence[Any] = (),
) -> Function:
    """Return the function that a user defined as a handler, as settings, or as a `Function`.

    Args:
        parent: The construct that needs the function; the new one is made below it.
        child_id: Id of the new one.
        definition: What the user gave.
        what: The argument or route it was given for, for messages.
        defaults: The construct's own `function_defaults`.
        bind: What the construct binds to all of its functions.

    Raises:
        InvalidFunctionDefinition: It is something else.
        InheritedDefaults: It exists already, and there are defaults that it would ignore.
        NotBindable: `bind` is no list.
    """
    bind = resource_list(parent, bind)
    if isinstance(definition, Function):
        if defaults is not None:
            raise parent.error(
                InheritedDefaults,
                f"Function `{definition.id}` cannot take the `function_defaults` of {parent.kind} `{parent.id}`",
                why="it exists already, with its own settings",
                fix=f"give {what} a handler or settings, or remove `function_defaults`",
            )
        definition.bind(bind)
        return definition
    if isinstance(definition, str):
        place = parent.registry.places.here_at(definition)
        props = FunctionProps(handler=definition)
    elif isinstance(definition, (FunctionProps, Mapping)):
        place = parent.registry.places.here()
        props = function_props(definition, parent.registry.places.location(place))
        place = parent.registry.places.here_at(props.handler or "")
    else:
        raise parent.error(
            InvalidFunctionDefinition,
            f"{what} of {parent.kind} `{parent.id}` is `{type(definition).__name__}`, which is no function",
            why="a function is a handler, a `Function`, `FunctionProps` or a dictionary of its settings",
            fix='write `"functions/file.function"`',
        )
    if defaults is not None:
        props = merged(function_props(defaults, parent.registry.places.location(parent.place)), props)
    if bind:
        props = merged(FunctionProps(bind=bind), props)
    return InlineFunction(parent, child_id, props, place)
