"""What one app knows while it is being defined: its project and stage, its ids, its constructs and their places.

`App` makes the registry and hangs it on the root of the construct tree; every construct below finds it there. Nothing
of it is global, so that two apps can live in one process, as in tests and in the warm synth worker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import aws_cdk
from constructs import Construct

from sundog.constructs._places import Places, trail_of
from sundog.errors import ConstructError, Location
from sundog.model.manifest import SourcePlace
from sundog.model.project import Project, Stage

if TYPE_CHECKING:
    from sundog.constructs._assets import Assets
    from sundog.constructs._construct import SundogConstruct
    from sundog.constructs._function_props import FunctionProps

Mode: TypeAlias = Literal["deploy", "dev"]
"""`dev` leaves the building of code to the live session; `deploy` builds it."""

_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class InvalidId(ConstructError):
    """An id has characters that logical ids, environment variables or stack names cannot carry.

    The id names the resource in the manifest, on the command line and in `sundog_runtime.resources`. Letters, digits,
    hyphens and underscores are allowed, and a letter comes first.
    """

    code = "SD-CONSTRUCT-001"


class DuplicateId(ConstructError):
    """Two constructs of one type have the same id.

    Ids are unique for each type of construct in the whole app, because the manifest and the bindings name resources by
    them. A hyphen and an underscore count as the same character: both become `_` in environment variables.
    """

    code = "SD-CONSTRUCT-002"


class NotInSundogApp(ConstructError):
    """A construct of sundog stands in an app that is not `sundog.App`.

    The project's settings, the stage and the manifest hang off `sundog.App`. It is a subclass of `aws_cdk.App`, so
    everything else of the CDK works in it unchanged.
    """

    code = "SD-CONSTRUCT-003"


@dataclass(kw_only=True)
class Registry:
    """The state of one app."""

    project: Project
    stage: Stage
    mode: Mode
    places: Places
    assets: Assets
    removal_policy: aws_cdk.RemovalPolicy
    names_without_stage: bool = False
    """Whether a stack may have a name that does not tell its stage."""
    constructs: list[SundogConstruct] = field(default_factory=list)
    """In the order in which the user declared them."""
    function_defaults: dict[str, FunctionProps] = field(default_factory=dict)
    """By the path of the stack that they are for; the app's own under the empty path."""
    paths_with_functions: set[str] = field(default_factory=set)
    """Paths of the stacks that have functions already: it is too late to change their defaults."""
    runtimes: dict[str, object] = field(default_factory=dict)
    """The CDK's runtime objects; each would cost a round trip to Node."""
    _ids: dict[tuple[str, str], tuple[str, SourcePlace | None]] = field(default_factory=dict)

    def location(self) -> Location | None:
        """Return the user's line that is running, as errors show it."""
        return self.places.location(self.places.here())

    def claim_id(
        self, kind: str, construct_id: str, place: SourcePlace | None, *, space: str | None = None
    ) -> None:
        """Refuse an id that cannot be used, or that another construct of the type has.

        Args:
            kind: The type of the construct.
            construct_id: The id.
            place: The line that declares the construct.
            space: What types share their ids with; by default each type has its own.

        Raises:
            InvalidId: It has other characters.
            DuplicateId: It is taken.
        """
        if not isinstance(construct_id, str) or not _ID.fullmatch(construct_id):
            cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", str(construct_id)).strip("-_")
            cleaned = cleaned if _ID.fullmatch(cleaned) else f"my-{cleaned}".rstrip("-")
            raise InvalidId(
                f"`{construct_id}` cannot be the id of {article(kind)}",
                where=self.places.location(place),
                why="ids hold letters, digits, hyphens and underscores, and start with a letter",
                fix=f'write `"{cleaned}"`',
            )
        key = (space or kind, construct_id.replace("-", "_").lower())
        if key in self._ids:
            taken_by, first = self._ids[key]
            raise DuplicateId(
                f"`{construct_id}` is already the id of {article(taken_by)}",
                where=self.places.location(place),
                why=f"the first is at {first.file}:{first.line}" if first else None,
                fix="give one of the two another id",
            )
        self._ids[key] = (kind, place)

    def refuse_taken_path(self, scope: Construct, construct_id: str, place: SourcePlace | None) -> None:
        """Refuse an id that another construct, of whatever type, has in the same scope; the CDK's own rule.

        Raises:
            DuplicateId: It is taken.
        """
        scope_path = path_of(scope)
        first = self.places.by_path.get(f"{scope_path}/{construct_id}" if scope_path else construct_id)
        if first is not None:
            raise DuplicateId(
                f"`{construct_id}` is already the id of a construct in `{scope_path}`",
                where=self.places.location(place),
                why=f"the first is at {first.file}:{first.line}",
                fix="give one of the two another id",
            )


def article(noun: str) -> str:
    """Return a noun with `a` or `an` before it."""
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


def type_name(value: object) -> str:
    """Return the name of a value's type in backticks, with its module when it is not one of Python's own."""
    kind = type(value)
    return f"`{kind.__name__}`" if kind.__module__ == "builtins" else f"`{kind.__module__}.{kind.__name__}`"


def listed(names: Iterable[str]) -> str:
    """Return names in backticks with commas between them."""
    return ", ".join(f"`{name}`" for name in names)


def registry_of(scope: Construct, kind: str, construct_id: str) -> Registry:
    """Return the registry of the `sundog.App` that a scope belongs to.

    Args:
        scope: Where a construct is about to be created.
        kind: The type of that construct, for the message.
        construct_id: Its id, for the message.

    Raises:
        NotInSundogApp: The root of the tree is something else.
    """
    trail = trail_of(scope)
    if trail is not None and isinstance(trail.owner, Registry):
        return trail.owner
    places = Places(root=Path.cwd())
    raise NotInSundogApp(
        f"{kind} `{construct_id}` is not in a sundog app",
        where=places.location(places.here()),
        why=f"the root of its construct tree is {type_name(scope.node.root)}",
        fix="create the app with `sundog.App()` instead of `aws_cdk.App()`",
    )


def path_of(construct: Construct) -> str:
    """Return the path of a construct below its app."""
    trail = trail_of(construct)
    return construct.node.path if trail is None else trail.path
