"""What the APIs of API Gateway have in common: the functions behind their routes, a domain of their own, their bindings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from constructs import Construct

from sundog.constructs._binding import Binding, no_permission
from sundog.constructs._construct import SundogConstruct
from sundog.constructs._domain import CustomDomain
from sundog.constructs._function_props import FunctionProps
from sundog.constructs._function_set import FunctionSet
from sundog.constructs._permissions import Permission
from sundog.constructs._routes import RouteTable
from sundog.constructs.function import Function
from sundog.errors import ConstructError


class RoutedApi(SundogConstruct):
    """An API with functions behind its routes."""

    scheme: ClassVar[str] = "https"

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        function_defaults: FunctionProps | Mapping[str, Any] | None,
        bind: Sequence[Any] | None,
        cdk: Mapping[str, Any] | None,
    ) -> None:
        super().__init__(scope, id, cdk=cdk)
        self._functions = FunctionSet(self, defaults=function_defaults, bind=bind)
        self._domain: CustomDomain | None = None
        self.cdk.domain_name = None

    def _answer_under(self, domain: str | Mapping[str, Any]) -> CustomDomain:
        """Make the domain that a user described."""
        self._domain = CustomDomain(self, domain)
        self.cdk.domain_name = self._domain.domain_name
        return self._domain

    def bind(self, resources: Sequence[Any]) -> None:
        """Give all functions of the API further resources, those that are added later too."""
        self._functions.bind(resources)

    def add_permissions(self, permissions: Sequence[Permission] | str) -> None:
        """Give all functions of the API further permissions, those that are added later too.

        Args:
            permissions: As for `Function`.

        Example:
            >>> api.add_permissions(["ses:SendEmail"])
        """
        self._functions.permit([permissions] if isinstance(permissions, str) else permissions)

    @property
    def custom_domain_url(self) -> str | None:
        """URL of the API under its own domain, without a slash at the end; None without one."""
        return None if self._domain is None else f"{self.scheme}://{self._domain.address}"

    def primary_path(self) -> str:
        """Return the path of the API's CloudFormation resource."""
        return f"{self.path}/Api/Resource"


class HttpRoutedApi(RoutedApi):
    """An API whose routes are a method and a path."""

    no_function: ClassVar[type[ConstructError]]
    """Raised for a route that something else answers."""
    has_default_route: ClassVar[bool] = True

    def __init__(self, scope: Construct, id: str, **settings: Any) -> None:  # noqa: A002 - the CDK's own name
        super().__init__(scope, id, **settings)
        self._routes: RouteTable[Function | str] = RouteTable(owner=self, has_default=self.has_default_route)

    @property
    def url(self) -> str:
        """URL of the API without a slash at the end, known to CloudFormation."""
        raise NotImplementedError

    def function(self, route: str) -> Function:
        """Return the function behind a route.

        Example:
            >>> api.function("GET /notes").bind([users])

        Raises:
            InvalidRoute: There is no such route.
            InvalidRouteSettings: Something else than a function answers a route of an `Api`.
            InvalidRestRoute: An integration answers a route of a `RestApi`.
        """
        behind = self._routes[route]
        if isinstance(behind, str):
            raise self.error(
                self.no_function,
                f"{self.kind} `{self.id}` has no function behind `{route}`",
                why=f"the route has `{behind}`",
                fix="name a route that a function answers",
            )
        return behind

    @property
    def routes(self) -> list[str]:
        """The routes, as API Gateway writes them."""
        return list(self._routes)

    def binding(self) -> Binding:
        """Return the URL; calling it takes no permission, except where the authorizer is `iam`."""
        values = {"url": self.custom_domain_url or self.url}
        return Binding(kind=self.kind, name=self.id, values=values, grant=no_permission)

    def attributes(self) -> dict[str, Any]:
        """Return the routes, with the function behind each, or with what else answers."""
        routes = {
            key: behind if isinstance(behind, str) else behind.path for key, behind in self._routes.items()
        }
        return {"routes": routes}
