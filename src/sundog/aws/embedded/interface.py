"""What sundog asks of a cloud on this machine; `EmbeddedCloud` is the only one so far.

Everything else is the AWS API at `endpoint_url`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, TypeAlias

import msgspec

ServiceKind: TypeAlias = Literal["api", "function_url", "queue", "bucket"]
"""What `url_for` can tell the address of."""


class DroppedProperty(msgspec.Struct, frozen=True, kw_only=True):
    """A property of a resource type that this cloud accepts and does nothing with."""

    name: str
    """Dotted below the resource's properties: `VpcConfig`, `LifecycleConfiguration`."""
    reason: str
    """What is missing, in a user's words."""
    harmless: bool = False
    """Whether the app works the same without it: encryption at rest, tags."""
    unless: tuple[str, ...] = ()
    """Values that it does follow."""


class PublishedMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """What resources of one kind tell CloudWatch by themselves."""

    names: frozenset[str]
    dimensions: tuple[frozenset[str], ...]
    """The sets of dimensions under which each is found."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a cloud can deploy."""

    name: str
    resource_types: frozenset[str]
    """CloudFormation types that it really makes. `Custom::*` is never in it and always allowed."""
    dropped: dict[str, tuple[DroppedProperty, ...]]
    """By resource type."""
    hollow: dict[str, str] = {}
    """Types of which it makes no more than the name, and what is missing, in a user's words."""
    metrics: dict[str, tuple[PublishedMetrics, ...]] = {}
    """By namespace, of those that are AWS's."""

    def supports(self, resource_type: str) -> bool:
        """Whether resources of a CloudFormation type can be deployed."""
        return resource_type in self.resource_types or resource_type.startswith("Custom::")

    def may_publish(self, namespace: str, name: str, dimensions: frozenset[str]) -> bool:
        """Whether a metric may ever have values: one of AWS's that is published, or any of the app's own."""
        return not namespace.startswith("AWS/") or any(
            name in published.names and dimensions in published.dimensions
            for published in self.metrics.get(namespace, ())
        )


class LocalCloud(Protocol):
    """A cloud on this machine."""

    @property
    def endpoint_url(self) -> str:
        """Where the AWS API answers."""
        ...

    async def start(self) -> None:
        """Start it, and return when it answers."""
        ...

    async def stop(self) -> None:
        """Save everything and end it. Nothing happens when it does not run."""
        ...

    async def wait_exit(self) -> int:
        """Wait for its process to end, and return the exit status."""
        ...

    async def reset(self) -> None:
        """Delete everything in it."""
        ...

    async def prepare_databases(self) -> None:
        """Have the Data API of RDS answer; called before an app with a database is deployed."""
        ...

    async def snapshot(self) -> None:
        """Save everything now."""
        ...

    async def route(
        self,
        functions: Iterable[str],
        url: str,
        token: str,
        *,
        enforce_deadline: bool = True,
        finds_functions: bool = False,
    ) -> None:
        """Send invocations of these functions (physical names) to a session; replaces what was routed before.

        Args:
            functions: Physical names.
            url: Gets one HTTP POST per invocation.
            token: Goes with each as `X-Sundog-Token`.
            enforce_deadline: Whether to answer for a session that is silent after the function's timeout.
            finds_functions: Whether events of other functions of the app go there, too: those that are being deployed.
        """
        ...

    async def unroute(self) -> None:
        """Send no more invocations to the session."""
        ...

    def capabilities(self) -> Capabilities | None:
        """Tell what can be deployed; None when unknown, so that nothing is refused beforehand."""
        ...

    def url_for(self, kind: ServiceKind, identifier: str, stage: str = "$default") -> str:
        """Return the address at which a resource answers on this machine."""
        ...

    def rewrite_url(self, text: str) -> str:
        """Replace AWS host names of this cloud's resources in a text by addresses that answer on this machine."""
        ...
