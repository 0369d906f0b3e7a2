"""`bind` and `permissions`: from what the user lists to grants of least privilege.

An item is one of

* a sundog construct: what code usually does with it (a table: read and write items; a queue: send messages),
* a narrowed one, `table.read_only`: no more than that,
* `(construct, "grant_read_data")`: that grant of the construct, or of the CDK construct below it,
* `(construct, PolicyStatement)`: what the statement says, and no more,
* a construct of the CDK: what code usually does with it, by the grants that it has,
* an action such as `"s3:GetObject"`, or a service such as `"s3"`: on all resources, because a string names none,
* `"*"`: everything,
* a CDK `PolicyStatement`.

Nothing but these strings makes a permission for every action or every resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import aws_cdk.aws_iam as iam
from constructs import Construct, IConstruct

from sundog.constructs._binding import Bindable, Narrowed, narrowed
from sundog.constructs._registry import type_name
from sundog.errors import ConstructError, suggestion

Permission: TypeAlias = (
    "str | tuple[Any, str | iam.PolicyStatement] | iam.PolicyStatement | Bindable | Narrowed | IConstruct"
)

_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*]+")
_SERVICE = re.compile(r"[a-z][a-z0-9-]+")
_USUAL_GRANTS: tuple[tuple[str, ...], ...] = (
    ("grant_read_write_data",),
    ("grant_read_write",),
    ("grant_send_messages",),
    ("grant_publish",),
    ("grant_put_events_to",),
    ("grant_put_records",),
    ("grant_start_execution",),
    ("grant_invoke",),
    ("grant_data_api_access",),
    ("grant_manage_connections",),
    ("grant_query", "grant_mutation"),
    ("grant_send_email",),
    ("grant_encrypt_decrypt",),
    ("grant_create_invalidation",),
    ("grant_read",),
)
"""What code usually does with a construct of the CDK: the first of these that it has."""

ErrorMaker: TypeAlias = Callable[..., Exception]
"""`SundogConstruct.error` of the function that the list belongs to."""


class InvalidPermission(ConstructError):
    """An item of `permissions` is none of the forms that it takes.

    An action (`"s3:GetObject"`), a service (`"s3"`), everything (`"*"`), a construct, a narrowed construct
    (`table.read_only`), a construct with the name of one of its grants (`(table, "grant_read_data")`), or an
    `aws_iam.PolicyStatement`.
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
        return
    if isinstance(permission, str):
        _grant_action(permission, grantee, error)
        return
    resource, names = narrowed(permission)
    if not names and isinstance(resource, Bindable):
        resource.binding().grant(grantee)
        return
    for name in names or _usual_grants(resource, error):
        grant_named(resource, name, grantee, error)


def _usual_grants(resource: Any, error: ErrorMaker) -> tuple[str, ...]:
    if not isinstance(resource, Construct):
        raise error(
            InvalidPermission,
            f"{type_name(resource)} cannot be a permission",
            why="a permission is an action, a construct, a construct with the name of a grant, or a statement",
            fix='write `"s3:GetObject"`, `table`, `(table, "grant_read_data")` or `aws_iam.PolicyStatement(…)`',
        )
    for names in _USUAL_GRANTS:
        if callable(getattr(resource, names[0], None)):
            return names
    known = _grants_of(resource)
    raise error(
        InvalidPermission,
        f"{_shown(resource)} has no usual permission",
        why=f"its grants are {', '.join(known)}" if known else "it has no grants",
        fix=f'name one: `(construct, "{known[0]}")`' if known else "write an aws_iam.PolicyStatement",
    )


def _grant_action(action: str, grantee: iam.IGrantable, error: ErrorMaker) -> None:
    if _SERVICE.fullmatch(action):
        action = f"{action}:*"
    if action != "*" and not _ACTION.fullmatch(action):
        raise error(
            InvalidPermission,
            f"`{action}` is not an IAM action",
            why="an action is a service, a colon and an operation",
            fix="write it like `s3:GetObject`, or `s3` for every operation of the service",
        )
    # A bare action names no resource; whoever wants less hands in a construct or a statement.
    statement = iam.PolicyStatement(actions=[action], resources=["*"])
    grantee.grant_principal.add_to_principal_policy(statement)


def grant_named(
    target: Any, name: str | iam.PolicyStatement, grantee: iam.IGrantable, error: ErrorMaker
) -> None:
    """Call the grant of a construct, or of the CDK construct below it, that a user named; or permit what a statement says.

    Raises:
        UnknownGrant: There is none of that name.
    """
    if isinstance(name, iam.PolicyStatement):
        grantee.grant_principal.add_to_principal_policy(name)
        return
    for owner in (target, getattr(target, "grants", None)):
        method = getattr(owner, name, None) if name.startswith("grant") else None
        if callable(method):
            method(grantee)
            return
    known = _grants_of(target)
    close = suggestion(name, known)
    raise error(
        UnknownGrant,
        f"{_shown(target)} has no grant `{name}`",
        why=f"its grants are {', '.join(known)}" if known else "it has none",
        fix=f"write `{close}`" if close else "choose one of its grants, or write an aws_iam.PolicyStatement",
    )


def _grants_of(target: Any) -> list[str]:
    names = {
        attribute for owner in (target, getattr(target, "grants", None)) for attribute in dir(type(owner))
    }
    return sorted(name for name in names if name.startswith("grant_") and name != "grant_principal")


def _shown(value: object) -> str:
    construct_id = getattr(value, "id", None)
    return f"{type(value).__name__} `{construct_id}`" if isinstance(construct_id, str) else type_name(value)
