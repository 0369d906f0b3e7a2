"""What `resources` can have in the functions of an app, for the types that editors read."""

from __future__ import annotations

import keyword
from typing import NamedTuple

from sundog.model.manifest import Manifest, SourcePlace

FUNCTION_VALUES = ("function_arn", "function_name", "function_url")


class BoundName(NamedTuple):
    """One resource that can be bound."""

    name: str
    """The id that the user gave."""
    kind: str
    values: tuple[str, ...]
    """Names of what it has."""
    place: SourcePlace | None
    value_type: str | None = None
    """Python's name of the type of a `Parameter`'s value."""

    @property
    def attribute(self) -> str:
        """The name in `resources.<name>`."""
        return self.name.replace("-", "_")

    @property
    def is_identifier(self) -> bool:
        """Whether it can be written after a dot."""
        return self.attribute.isidentifier() and not keyword.iskeyword(self.attribute)


def bound_names(manifest: Manifest) -> list[BoundName]:
    """Return all resources of an app that can be bound, by name.

    A function that another construct makes of a handler has no name that a person chose, and is left out.
    """
    parents = {entry.id for entry in manifest.resources}
    found = [
        BoundName(entry.name, entry.kind, tuple(entry.binding), entry.place, entry.attributes.get("type"))
        for entry in manifest.resources
        if entry.binding
    ]
    found += [
        BoundName(entry.id.rpartition("/")[2], "Function", FUNCTION_VALUES, entry.place)
        for entry in manifest.functions
        if entry.id.rpartition("/")[0] not in parents
    ]
    return sorted(found, key=lambda one: (one.attribute, one.kind))
