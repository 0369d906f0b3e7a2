"""Constructs that stand for one resource of the CDK: how they make or take it, name it, bind it, and are found by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Generic, TypeVar, overload

from constructs import IConstruct

from sundog.constructs._binding import Binding
from sundog.constructs._construct import SundogConstruct

ResourceT = TypeVar("ResourceT")


class ResourceValue:
    """A name, an ARN or a URL of the resource, which CloudFormation knows and the CDK's construct has by the same name.

    What code is bound to the construct is told them all, in the order in which the class lists them.

    Example:
        >>> class Table(BindableResource[dynamodb.ITable]):
        ...     table_name = ResourceValue("Physical name of the table, known to CloudFormation.")
    """

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember what the attribute is called."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> ResourceValue: ...

    @overload
    def __get__(self, instance: ResourceConstruct[Any], owner: type) -> str: ...

    def __get__(self, instance: ResourceConstruct[Any] | None, owner: type) -> ResourceValue | str:
        """Return the value; it is a token of the CDK as long as nothing is deployed."""
        return self if instance is None else str(getattr(instance.resource, self._name))


class ResourceConstruct(SundogConstruct, Generic[ResourceT]):
    """A construct whose `cdk` has one construct that the others are about."""

    resource_key: ClassVar[str]
    """Its key in `cdk`."""
    resource_child: ClassVar[str]
    """The id of the one that we make; it is part of the logical id."""
    is_ours: bool
    """Whether it was made here, and not handed in."""

    def take_or_make(self, configured: Mapping[str, object], make: Callable[[], ResourceT]) -> None:
        """Use the resource that the user handed in, or make one.

        Args:
            configured: What would configure one that exists, and is refused beside it, by the argument's name.
            make: Makes it.
        """
        existing = self.cdk_import(self.resource_key, configured)
        self.is_ours = existing is None
        setattr(self.cdk, self.resource_key, make() if existing is None else existing)

    @property
    def resource(self) -> ResourceT:
        """The CDK's construct."""
        resource: ResourceT = getattr(self.cdk, self.resource_key)
        return resource

    def primary_path(self) -> str | None:
        """Return the path of the CloudFormation resource; None for one that is not of this app."""
        if self.is_ours:
            return f"{self.path}/{self.resource_child}/Resource"
        construct: IConstruct = self.resource  # type: ignore[assignment]
        resource = construct.node.default_child
        return None if resource is None else resource.node.path


class BindableResource(ResourceConstruct[ResourceT]):
    """One that functions can be given."""

    usual_grant: ClassVar[str]
    """The `grant_…` method of the CDK's construct for what code usually does with it."""

    @property
    def grants(self) -> ResourceT:
        """The CDK's construct, whose `grant_…` methods `permissions` can name."""
        return self.resource

    def binding(self) -> Binding:
        """Return what the resource is called, and the permission to use it as code usually does."""
        names = [
            name
            for kind in type(self).__mro__  # the user's own class may extend ours
            for name, value in vars(kind).items()
            if isinstance(value, ResourceValue)
        ]
        return Binding(
            kind=self.kind,
            name=self.id,
            values={name: getattr(self, name) for name in names},
            grant=getattr(self.resource, self.usual_grant),
        )
