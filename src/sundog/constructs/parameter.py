"""A value of the app's configuration that functions are given."""

from __future__ import annotations

import json
from typing import Any

import aws_cdk
from constructs import Construct

from sundog.constructs._binding import Binding, no_permission
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import type_name
from sundog.constructs._values import is_token
from sundog.errors import ConstructError

LARGEST_VALUE_BYTES = 3072
"""All variables of a function together have at most 4,096 bytes, their names included.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

_TYPES = {str: "str", bool: "bool", int: "int", float: "float", list: "list", dict: "dict"}


class InvalidParameter(ConstructError):
    """The value of a parameter is not one that JSON has, or leaves no room for anything else in a function's environment."""

    code = "SD-CONSTRUCT-034"


class Parameter(SundogConstruct):
    """A value that functions are given: a limit, an address, a list of names.

    It is carried in the environment of the functions that it is bound to, in clear text: what must not be read by whoever
    may look at a function is a `Secret`.

    Args:
        scope: The stack, or any construct in it.
        id: Its name in `resources`; unique among the secrets and parameters of the app.
        value: Text, a number, a boolean, a list or a dictionary. Text may be a token of the CDK, such as the ARN of another
            resource; it must not have quotes or backslashes in it then.

    Example:
        >>> limits = Parameter(stack, "limits", value={"notes": 100, "title": 80})
        >>> Function(stack, "create", handler="functions/notes.create", bind=[limits])
    """

    kind = "Parameter"
    id_space = "Configuration"
    makes_resource = False

    def __init__(self, scope: Construct, id: str, *, value: Any) -> None:  # noqa: A002 - the CDK's own name
        super().__init__(scope, id)
        self.value = self._checked(value)
        self.registry.constructs.append(self)

    def _checked(self, value: Any) -> Any:
        if is_token(value) and not isinstance(value, str):
            # In the text of JSON, the CDK finds only tokens that are text.
            value = aws_cdk.Tokenization.stringify_number(value)
        # `True` is an `int`, which does no harm here; a subclass of `str`, such as an enumeration's, is its text.
        if not isinstance(value, tuple(_TYPES)):
            raise self.error(
                InvalidParameter,
                f"the value of Parameter `{self.id}` is {type_name(value)}",
                why="a value is text, a number, a boolean, a list or a dictionary",
                fix="write it as one of those: `value=str(…)`",
            )
        try:
            text = json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise self.error(
                InvalidParameter,
                f"the value of Parameter `{self.id}` cannot be written as JSON",
                why=str(error),
                fix="use text, numbers, booleans, lists and dictionaries with names as keys",
            ) from error
        if not is_token(value) and len(text.encode()) > LARGEST_VALUE_BYTES:
            raise self.error(
                InvalidParameter,
                f"the value of Parameter `{self.id}` has {len(text.encode()):,} bytes, {LARGEST_VALUE_BYTES:,} is the most",
                why="all variables of a function together have at most 4,096",
                fix="put it into a file of the project that the handler reads, or into a bucket",
            )
        return value

    @property
    def grants(self) -> Parameter:
        """The parameter, which needs no grant."""
        return self

    def binding(self) -> Binding:
        """Return the value; reading it takes no permission."""
        return Binding(kind=self.kind, name=self.id, values={"value": self.value}, grant=no_permission)

    def attributes(self) -> dict[str, Any]:
        """Return the type of the value, for `sundog types`."""
        return {"type": next(name for kind, name in _TYPES.items() if isinstance(self.value, kind))}
