"""Routes of APIs over HTTP: their keys as users write them, and that no two are the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import listed
from sundog.errors import ConstructError, suggestion

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY")
DEFAULT_ROUTE = "$default"
_PARAMETER = re.compile(r"\{[A-Za-z0-9._-]+\+?\}")
_Behind = TypeVar("_Behind")


class InvalidRoute(ConstructError):
    """The key of a route is not a method and a path.

    A key is `METHOD /path`, such as `GET /notes/{noteId}`, with `ANY` for all methods; a last segment `{proxy+}` takes
    the rest of a path. `$default` takes what no route of an `Api` does.
    """

    code = "SD-API-001"


class DuplicateRoute(ConstructError):
    """Two routes of an API are the same, perhaps with other spaces, letters or parameter names."""

    code = "SD-API-002"


@dataclass(frozen=True, kw_only=True)
class Route:
    """A method and a path."""

    method: str
    path: str

    @property
    def key(self) -> str:
        """As API Gateway and the user write it."""
        return self.path if self.path == DEFAULT_ROUTE else f"{self.method} {self.path}"


@dataclass(kw_only=True)
class RouteTable(Generic[_Behind]):
    """The routes of an API, and what is behind each."""

    owner: SundogConstruct
    has_default: bool = True
    """Whether the API has the route `$default`."""
    _behind: dict[str, _Behind] = field(default_factory=dict)
    _shapes: dict[str, str] = field(default_factory=dict)

    def claim(self, key: object) -> Route:
        """Return a new route of the API.

        Raises:
            InvalidRoute: The key is not a method and a path.
            DuplicateRoute: The API has the route already.
        """
        route = self._parsed(key)
        shape = re.sub(r"\{[^{}+]*(\+?)\}", r"{\1}", route.key)
        if shape in self._shapes:
            raise self.owner.error(
                DuplicateRoute,
                f"{self._name} has the route `{str(key).strip()}` twice",
                why=f"the first is `{self._shapes[shape]}`; spaces, case and names of parameters do not count",
                fix="remove one of the two",
            )
        self._shapes[shape] = str(key)
        return route

    def put(self, route: Route, behind: _Behind) -> None:
        """Remember what is behind a route."""
        self._behind[route.key] = behind

    def __getitem__(self, key: str) -> _Behind:
        """Return what is behind a route.

        Raises:
            InvalidRoute: There is no such route.
        """
        name = self._parsed(key).key
        if name not in self._behind:
            close = suggestion(name, self._behind)
            raise self.owner.error(
                InvalidRoute,
                f"{self._name} has no route `{name}`",
                why=f"the routes are {listed(self._behind)}",
                fix=f"write `{close}`"
                if close
                else f'add it to `routes`: `"{name}": "functions/file.function"`',
            )
        return self._behind[name]

    def __iter__(self) -> Iterator[str]:
        """Go through the routes as API Gateway writes them."""
        return iter(self._behind)

    def items(self) -> Iterator[tuple[str, _Behind]]:
        """Go through the routes and what is behind them."""
        return iter(self._behind.items())

    @property
    def _name(self) -> str:
        return f"{self.owner.kind} `{self.owner.id}`"

    def _parsed(self, key: object) -> Route:
        words = key.split() if isinstance(key, str) else []
        if words == [DEFAULT_ROUTE] and self.has_default:
            return Route(method="ANY", path=DEFAULT_ROUTE)
        if words == [DEFAULT_ROUTE]:
            raise self._invalid(key, "REST APIs have no such route", "write `ANY /{proxy+}`, and `ANY /`")
        if len(words) == 1 and words[0].startswith("/"):
            raise self._invalid(key, "it has no method", f"write `ANY {words[0]}` or `GET {words[0]}`")
        if len(words) != 2:
            default = ", or `$default`" if self.has_default else ""
            raise self._invalid(
                key, f"a route is a method, a space and a path{default}", "write `GET /notes`"
            )
        method, path = words[0].upper(), words[1]
        if method not in METHODS:
            close = suggestion(method, METHODS)
            fix = f"write `{close} {path}`" if close else f"write `ANY {path}`"
            raise self._invalid(key, f"the methods are {listed(METHODS)}", fix)
        if not path.startswith("/"):
            raise self._invalid(key, "a path starts with a slash", f"write `{method} /{path}`")
        return Route(method=method, path=self._checked_path(key, method, path))

    def _checked_path(self, key: object, method: str, path: str) -> str:
        segments = path.split("/")[1:]
        for position, segment in enumerate(segments):
            if segment.startswith(":") or (segment.startswith("<") and segment.endswith(">")):
                name = segment.strip(":<>").rpartition(":")[2]
                fix = f"write `{method} {path.replace(segment, f'{{{name}}}')}`"
                raise self._invalid(key, "parameters are written in braces", fix)
            if ("{" in segment or "}" in segment) and not _PARAMETER.fullmatch(segment):
                raise self._invalid(
                    key, f"`{segment}` is not a parameter: a whole segment in braces", "write `/{noteId}`"
                )
            if segment.endswith("+}") and position != len(segments) - 1:
                raise self._invalid(
                    key, f"`{segment}` takes the rest of a path", f"move `{segment}` to the end"
                )
        return path

    def _invalid(self, key: object, why: str, fix: str) -> Exception:
        return self.owner.error(InvalidRoute, f"`{key}` is not a route of {self._name}", why=why, fix=fix)
