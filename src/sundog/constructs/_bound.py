"""The resources that are bound to one function."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import aws_cdk.aws_iam as iam

from sundog.constructs._binding import Bindable, Binding, Narrowed, narrowed
from sundog.constructs._permissions import BindingClash, NotBindable, grant_named
from sundog.constructs._registry import path_of, type_name

if TYPE_CHECKING:
    from sundog.constructs._construct import SundogConstruct

Grant = Callable[[iam.IGrantable], object]


class BoundResources:
    """What a function is given, by the names that its code will use."""

    def __init__(self, function: SundogConstruct) -> None:
        self._function = function
        self._bound: dict[str, Binding] = {}
        self.ids: list[str] = []
        """Paths of the constructs, in the order in which they were bound."""
        self._granted: set[tuple[str, str | iam.PolicyStatement]] = set()

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that hand them over."""
        return {binding.variable: binding.text for binding in self._bound.values()}

    def add_all(self, items: Iterable[Any]) -> list[Grant]:
        """Take resources among the bound ones and return what grants their use.

        Args:
            items: Constructs; narrowed ones; `(construct, "grant_read_data")`; `(construct, PolicyStatement)`.

        Raises:
            NotBindable: One is something else.
            BindingClash: Its code could not tell two of them apart.
        """
        return [grant for item in resource_list(self._function, items) for grant in self._add(item)]

    def _add(self, item: Any) -> list[Grant]:
        resource, names = narrowed(item)
        if not isinstance(resource, Bindable):
            raise self._function.error(
                NotBindable,
                f"{type_name(resource)} cannot be bound to Function `{self._function.id}`",
                why="`bind` takes constructs of sundog that have something to use",
                fix=_how_to_bind(resource),
            )
        binding = resource.binding()
        path = path_of(resource)  # type: ignore[arg-type]
        other = self._bound.get(binding.variable)
        if other is not None and path not in self.ids:
            raise self._function.error(
                BindingClash,
                f"{other.kind} `{other.name}` and {binding.kind} `{binding.name}` cannot both be bound to one function",
                why=f"both would be `resources.{binding.name.replace('-', '_')}` in its code",
                fix=f"give {binding.kind} `{binding.name}` another id",
            )
        if other is None:
            self._bound[binding.variable] = binding
            self.ids.append(path)
        return [
            self._named(resource, name) if name else binding.grant
            for name in names or ("",)
            if self._is_new(binding.variable, name)
        ]

    def _is_new(self, variable: str, name: str | iam.PolicyStatement) -> bool:
        """Note that something is granted; say whether that is more than was granted before."""
        if not self._granted.isdisjoint({(variable, ""), (variable, name)}):
            return False
        self._granted.add((variable, name))
        return True

    def _named(self, resource: Any, name: str | iam.PolicyStatement) -> Grant:
        return lambda grantee: grant_named(resource, name, grantee, self._function.error)


def resource_list(owner: SundogConstruct, given: Any) -> list[Any]:
    """Return what a user handed to `bind` as a list.

    Raises:
        NotBindable: It is one resource, without the brackets.
    """
    if isinstance(given, (str, Narrowed, Bindable)) or not isinstance(given, Iterable):
        raise owner.error(
            NotBindable,
            f"`bind` of {owner.kind} `{owner.id}` is not a list",
            why="it takes any number of resources",
            fix="put it in brackets: `bind=[…]`",
        )
    return list(given)


def _how_to_bind(resource: object) -> str:
    if isinstance(resource, str):
        return "write the variable that holds the construct, without quotes"
    kind = {"Table": "table", "Queue": "queue", "HttpApi": "http_api", "Function": "function"}.get(
        type(resource).__name__
    )
    if kind is None:
        return "grant it with `permissions`, and pass its name in `environment`"
    name = "Api" if kind == "http_api" else type(resource).__name__
    return f'wrap it: `{name}(stack, "id", cdk={{"{kind}": existing}})`'
