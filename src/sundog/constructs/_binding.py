"""How a resource reaches a function: its names in an environment variable, and the permission to use it.

A construct that can be narrowed says so with `Access`: `bind=[notes.read_only]`. `bind=[notes]` sets `SUNDOG_RESOURCE_NOTES` to a JSON object, which `sundog_runtime.resources.notes` reads, and grants
what code usually does with such a resource. The environment variable holds names, ARNs and URLs, never a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, overload, runtime_checkable

import aws_cdk.aws_iam as iam

VARIABLE_PREFIX = "SUNDOG_RESOURCE_"


def variable_of(name: str, prefix: str = VARIABLE_PREFIX) -> str:
    """Return the name of an environment variable that is about a resource."""
    return prefix + re.sub(r"[^A-Z0-9]", "_", name.upper())


@dataclass(frozen=True, kw_only=True)
class Binding:
    """What a function is given when a resource is bound to it."""

    kind: str
    name: str
    values: Mapping[str, Any]
    """Names, ARNs and URLs; most are known only to CloudFormation."""
    grant: Callable[[iam.IGrantable], object]
    """Grants what code usually does with the resource, and no more."""

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return variable_of(self.name)

    @property
    def text(self) -> str:
        """Value of the environment variable. What CloudFormation fills in contains no character that JSON escapes."""
        return json.dumps({"kind": self.kind, "name": self.name, **self.values}, separators=(",", ":"))


@runtime_checkable
class Bindable(Protocol):
    """A construct that `bind` takes."""

    def binding(self) -> Binding:
        """Return what a function is given."""
        ...

    @property
    def grants(self) -> Any:
        """The CDK construct whose `grant_…` methods narrow a permission."""
        ...


@dataclass(frozen=True)
class Narrowed:
    """A resource, with less permission than it has by itself: `notes.read_only`."""

    resource: Any
    grants: tuple[str, ...]
    """Names of `grant_…` methods of the construct, or of the CDK construct below it."""


class Access:
    """A narrower permission that a construct offers for `bind` and `permissions`.

    Example:
        >>> class Table(SundogConstruct):
        ...     read_only = Access("grant_read_data", doc="Read items, and no more.")
        >>> Function(stack, "list", handler="functions/notes.list_notes", bind=[notes.read_only])
    """

    def __init__(self, *grants: str, doc: str) -> None:
        self.grants = grants
        self.__doc__ = doc

    @overload
    def __get__(self, instance: None, owner: type) -> Access: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Narrowed: ...

    def __get__(self, instance: object, owner: type) -> Access | Narrowed:
        """Return the construct with this permission."""
        return self if instance is None else Narrowed(instance, self.grants)


def narrowed(item: Any) -> tuple[Any, tuple[str | iam.PolicyStatement, ...]]:
    """Return a resource and what it is narrowed to, as a user writes the two; nothing means what code usually does with it.

    That is names of grants, or statements: `(photos, "grant_read")`, `(photos, iam.PolicyStatement(…))`.
    """
    match item:
        case Narrowed():
            return item.resource, item.grants
        case (resource, str(grant)):
            return resource, (grant,)
        case (resource, iam.PolicyStatement() as statement):
            return resource, (statement,)
        case _:
            return item, ()


def accesses_of(construct: type) -> dict[str, Access]:
    """Return the narrower permissions that a type of construct offers, by name."""
    found = {name: getattr(construct, name) for name in dir(construct)}
    return {name: value for name, value in found.items() if isinstance(value, Access)}


def no_permission(grantee: object) -> None:
    """Grant nothing: none is needed, or it was given before."""
    del grantee
