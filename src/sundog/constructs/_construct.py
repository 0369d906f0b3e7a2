"""What all constructs of sundog have in common: their app, their place, a checked id, and the way below them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import aws_cdk
from constructs import Construct

from sundog.constructs._registry import InvalidId, path_of, registry_of, type_name
from sundog.errors import ConstructError, SundogError, suggestion
from sundog.model.manifest import DatabaseEntry, SourcePlace, UploadEntry


class UnknownCdkKey(ConstructError):
    """`cdk={…}` names a resource that the construct does not make.

    Each construct documents the keys that its `cdk` argument takes; the same names are found on its `cdk` attribute.
    """

    code = "SD-CONSTRUCT-004"


class ImportedResource(ConstructError):
    """`cdk={…}` hands in an existing CDK construct, and another argument would configure it.

    What exists already is used as it is. Configure it where it is created.
    """

    code = "SD-CONSTRUCT-005"


_LONGEST_REGION = 16
"""`ap-southeast-1-`, and room for one more letter."""


class PropertiesExpected(ConstructError):
    """`cdk={…}` hands in an existing construct for a resource that only takes properties.

    Each construct's page says which of its resources may be one that exists; the others are always made by sundog, and a
    dictionary of the CDK's properties is laid over its own.
    """

    code = "SD-CONSTRUCT-006"


class SundogConstruct(Construct):
    """Base of the constructs: registers itself with the app and keeps the user's line."""

    kind: ClassVar[str]
    """Name of the construct in the manifest."""
    id_space: ClassVar[str | None] = None
    """What constructs of several types share their ids by; each type has ids of its own when there is none."""
    makes_resource: ClassVar[bool] = True
    """Whether CloudFormation has a resource for it; a secret, for one, is a name."""
    cdk_keys: ClassVar[tuple[str, ...]] = ()
    """What `cdk={…}` takes and the attribute `cdk` holds."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - the CDK's own name
        *,
        cdk: Mapping[str, Any] | None = None,
        claims_id: bool = True,
        place: SourcePlace | None = None,
    ) -> None:
        self.registry = registry_of(scope, self.kind, id)
        self.id = id
        self.place = place or self.registry.places.here()
        self.claims_id = claims_id
        self._cdk_input = dict(cdk or {})
        self._taken: set[str] = set()
        self.cdk_id = self._checked_cdk_id()
        """What it is called in the tree of the CDK, which logical ids are made of: its id, unless the user says otherwise."""
        if claims_id:
            self.registry.claim_id(self.kind, id, self.place, space=self.id_space)
            self.registry.refuse_taken_path(scope, self.cdk_id, self.place)
        super().__init__(scope, self.cdk_id)
        self.path = path_of(self)
        if place is not None:
            self.registry.places.by_path[self.path] = place
        self.cdk = SimpleNamespace()
        for key in self._cdk_input:
            if key not in self.cdk_keys:
                close = suggestion(key, self.cdk_keys)
                raise self.error(
                    UnknownCdkKey,
                    f"`cdk` of {self.kind} `{id}` has no `{key}`",
                    why=f"it takes {', '.join(f'`{name}`' for name in (*self.cdk_keys, 'id'))}",
                    fix=f"write `{close}`" if close else f"remove `{key}`",
                )

    def _checked_cdk_id(self) -> str:
        given = self._cdk_input.pop("id", self.id)
        if not isinstance(given, str) or not given or "/" in given:
            raise self.error(
                InvalidId,
                f"`{given}` in `cdk` of {self.kind} `{self.id}` cannot be an id",
                why="it is what the construct was called in the tree of the CDK: a text without slashes",
                fix='write `cdk={"id": "the-id-before"}`',
            )
        return given

    @property
    def stack(self) -> aws_cdk.Stack:
        """The stack that holds the construct."""
        return aws_cdk.Stack.of(self)

    @property
    def physical_name(self) -> str:
        """The name that resources of the construct have in the account when they cannot do without one."""
        return f"{self.registry.stage.name}-{self.registry.project.settings.name}-{self.id}"

    def global_name(self, longest: int) -> str:
        """Return a name that no other stage, region or app of the account has, for resources that belong to no region.

        Args:
            longest: The most characters that it may have.
        """
        own = aws_cdk.Names.unique_resource_name(self, max_length=longest - _LONGEST_REGION, separator="-")
        # Where a stack is deployed to is not known for certain before CloudFormation says it.
        return f"{self.stack.region}-{own}"

    def error(
        self,
        kind: type[SundogError],
        what: str,
        *,
        why: str | None = None,
        fix: str | Iterable[str] | None = None,
    ) -> SundogError:
        """Return an error that names the line that declared this construct."""
        return kind(what, where=self.registry.places.location(self.place), why=why, fix=fix)

    def cdk_props(self, key: str) -> dict[str, Any]:
        """Return the CDK properties that the user gave for one of our resources, to lay over ours.

        Raises:
            PropertiesExpected: The user handed in something else.
        """
        value = self._cdk_input.get(key)
        if value is None or key in self._taken:
            return {}
        if not isinstance(value, Mapping):
            raise self.error(
                PropertiesExpected,
                f"`cdk` of {self.kind} `{self.id}` has {type_name(value)} for `{key}`",
                why="sundog makes this resource itself, with the properties that you lay over its own",
                fix=f'write `cdk={{"{key}": {{"property": value}}}}`',
            )
        return dict(value)

    def cdk_import(self, key: str, configured: Mapping[str, object]) -> Any | None:
        """Return the CDK construct that the user handed in to be used as it is, or None.

        Args:
            key: Which resource.
            configured: Arguments that would configure it, by name; none may be given beside an import.

        Raises:
            ImportedResource: One of them was given.
        """
        value = self._cdk_input.get(key)
        if value is None or isinstance(value, Mapping):
            return None
        given = [name for name, argument in configured.items() if argument is not None]
        if given:
            raise self.error(
                ImportedResource,
                f"{self.kind} `{self.id}` is imported, and `{given[0]}` would configure it",
                why=f'`cdk={{"{key}": …}}` hands in a construct that exists already',
                fix=f"remove `{given[0]}`, and set it where the construct is created",
            )
        self._taken.add(key)
        return value

    @property
    def is_taken_over(self) -> bool:
        """Whether something in `cdk` exists already, and is used as it is."""
        return bool(self._taken)

    def primary_path(self) -> str | None:
        """Return the path of the CloudFormation resource that the construct stands for; None when it has none."""
        return None

    def uploads(self) -> list[UploadEntry]:
        """Return which files are put into buckets after the deploy; the stack is filled in afterwards."""
        return []

    def databases(self) -> list[DatabaseEntry]:
        """Return which databases have migrations; the stack is filled in afterwards."""
        return []

    def attributes(self) -> dict[str, Any]:
        """Return what the manifest says about the construct, besides what it says about all."""
        return {}
