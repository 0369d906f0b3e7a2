"""`bind` and `permissions`: from what the user lists to grants of least privilege.

An item is one of

* a sundog construct: what code usually does with it (a table: read and write items; a queue: send messages),
* `(construct, "grant_read_data")`: that grant of the construct, or of the CDK construct below it,
* an action such as `"s3:GetObject"`: on all resources, because a string names none,
* a CDK `PolicyStatement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import aws_cdk.aws_iam as iam

from sundog.constructs._binding import Bindable
from sundog.constructs._registry import type_name
from sundog.errors import ConstructError, suggestion

Permission: TypeAlias = "str | tuple[Any, str] | iam.PolicyStatement | Bindable"

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*]+")

ErrorMaker: TypeAlias = Callable[..., Exception]
"""`SundogConstruct.error` of the function that the list belongs to."""


class InvalidPermission(ConstructError):
    """An item of `permissions` is none of the forms that it takes.

    An action (`"s3:GetObject"`), a construct of sundog, a construct with the name of one of its grants
    (`(table, "grant_read_data")`), or an `aws_iam.PolicyStatement`.
    """

    code = "SD-CONSTRUCT-030"


class UnknownGrant(ConstructError):
    """A construct has no grant of the given name.

    The grants are the `grant_…` methods of the construct, or of the CDK construct that it makes.
    """

    code = "SD-CONSTRUCT-031"


class NotBindable(ConstructError):
    """An item of `bind` is not a construct that a function can be given.

    Tables, queues, APIs and functions can be bound. A construct of the CDK is handed to sundog's construct of its kind:
    `Table(stack, "notes", cdk={"table": existing})`.
    """

    code = "SD-CONSTRUCT-032"


class BindingClash(ConstructError):
    """Two resources bound to one function have the same name.

    A function finds its resources by their ids, whatever their types, in `sundog_runtime.resources`.
    """

    code = "SD-CONSTRUCT-033"


def grant_permission(permission: Any, grantee: iam.IGrantable, error: ErrorMaker) -> None:
    """Give a function one item of its `permissions`.

    Raises:
        InvalidPermission: The item is of no known form.
        UnknownGrant: The construct has no such grant.
    """
    if isinstance(permission, iam.PolicyStatement):
        grantee.grant_principal.add_to_principal_policy(permission)
    elif isinstance(permission, str):
        _grant_action(permission, grantee, error)
    elif isinstance(permission, tuple) and len(permission) == 2 and isinstance(permission[1], str):
        grant_named(permission[0], permission[1], grantee, error)
    elif isinstance(permission, Bindable):
        permission.binding().grant(grantee)
    else:
        raise error(
            InvalidPermission,
            f"{type_name(permission)} cannot be a permission",
            why="a permission is an action, a construct of sundog, a construct with the name of a grant, or a statement",
            fix='write `"s3:GetObject"`, `table`, `(table, "grant_read_data")` or `aws_iam.PolicyStatement(…)`',
        )


def _grant_action(action: str, grantee: iam.IGrantable, error: ErrorMaker) -> None:
    if not _ACTION.fullmatch(action):
        raise error(
            InvalidPermission,
            f"`{action}` is not an IAM action",
            why="an action is a service, a colon and an operation",
            fix=f"write `{action}:*` if every operation of the service is meant"
            if re.fullmatch(r"[a-z0-9-]+", action)
            else "write it like `s3:GetObject`",
        )
    # A bare action names no resource; whoever wants less hands in a construct or a statement.
    statement = iam.PolicyStatement(actions=[action], resources=["*"])
    grantee.grant_principal.add_to_principal_policy(statement)


def grant_named(target: Any, name: str, grantee: iam.IGrantable, error: ErrorMaker) -> None:
    """Call the grant of a construct, or of the CDK construct below it, that a user named.

    Raises:
        UnknownGrant: There is none of that name.
    """
    for owner in (target, getattr(target, "grants", None)):
        method = getattr(owner, name, None) if name.startswith("grant") else None
        if callable(method):
            method(grantee)
            return
    known = sorted(
        {
            attribute
            for owner in (target, getattr(target, "grants", None))
            for attribute in dir(type(owner))
            if attribute.startswith("grant_") and attribute != "grant_principal"
        }
    )
    close = suggestion(name, known)
    raise error(
        UnknownGrant,
        f"{_shown(target)} has no grant `{name}`",
        why=f"its grants are {', '.join(known)}" if known else "it has none",
        fix=f"write `{close}`" if close else "choose one of its grants, or write an aws_iam.PolicyStatement",
    )


def _shown(value: object) -> str:
    construct_id = getattr(value, "id", None)
    return f"{type(value).__name__} `{construct_id}`" if isinstance(construct_id, str) else type_name(value)


def how_to_bind(resource: object) -> str:
    """Return what to do with something that `bind` does not take."""
    if isinstance(resource, str):
        return "write the variable that holds the construct, without quotes"
    kind = {"Table": "table", "Queue": "queue", "HttpApi": "http_api", "Function": "function"}.get(
        type(resource).__name__
    )
    if kind is None:
        return "grant it with `permissions`, and pass its name in `environment`"
    name = "Api" if kind == "http_api" else type(resource).__name__
    return f'wrap it: `{name}(stack, "id", cdk={{"{kind}": existing}})`'
