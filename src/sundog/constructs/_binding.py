"""How a resource reaches a function: its names in an environment variable, and the permission to use it.

`bind=[notes]` sets `SUNDOG_RESOURCE_NOTES` to a JSON object, which `sundog_runtime.resources.notes` reads, and grants
what code usually does with such a resource. The environment variable holds names, ARNs and URLs, never a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import aws_cdk.aws_iam as iam

VARIABLE_PREFIX = "SUNDOG_RESOURCE_"


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
        return VARIABLE_PREFIX + re.sub(r"[^A-Z0-9]", "_", self.name.upper())

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


def no_permission(grantee: object) -> None:
    """Grant nothing: none is needed, or it was given before."""
    del grantee
