"""The names by which tests call the parts of an app."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sundog.errors import Location, UsageError, suggestion
from sundog.model.manifest import ResourceEntry


class UnknownPart(UsageError):
    """A test names a function, a resource, a stack or an output that the app does not have, or that is not what the test takes it for.

    A construct's id is enough as long as one stack alone has it; `<stack>/<id>` names one of several.
    """

    code = "SD-USAGE-030"


def find_resource(entries: Sequence[ResourceEntry], name: str, kind: str | None = None) -> ResourceEntry:
    """Return a resource by its id, or by its whole path.

    Args:
        entries: Those to look among.
        name: `"notes"` or `"storage/notes"`.
        kind: `"Table"` for one that must be a Table.

    Raises:
        UnknownPart: There is none, there are several, or it is of another kind.
    """
    named = [entry for entry in entries if name in (entry.name, entry.id)]
    found = [entry for entry in named if kind in (None, entry.kind)]
    if len(found) == 1:
        return found[0]
    if found:
        paths = sorted(entry.id for entry in found)
        raise UnknownPart(
            f"the app has {len(found)} constructs `{name}`",
            why=", ".join(f"`{entry.id}` is {_one(entry.kind)}" for entry in found),
            fix=f"name one with its stack: {' or '.join(f'`{path}`' for path in paths)}",
        )
    of_kind = [entry.name for entry in entries if kind in (None, entry.kind)]
    if named:
        raise UnknownPart(
            f"`{name}` is {_one(named[0].kind)}, not {_one(kind or '')}",
            where=place_of(named[0]),
            fix=f"name {_one(kind or '')}: {', '.join(sorted(of_kind))}"
            if of_kind
            else f"the app has no {kind}",
        )
    raise unknown_part(kind or "resource", name, of_kind)


def place_of(entry: ResourceEntry) -> Location | None:
    """Return the line that defines a resource."""
    return None if entry.place is None else Location(entry.place.file, entry.place.line)


def _one(kind: str) -> str:
    return f"{'an' if kind[:1] in 'AEIOU' else 'a'} {kind}"


def unknown_part(what: str, name: str, known: Iterable[str], *, with_what: str = "") -> UnknownPart:
    """Return the error for a name that no part has."""
    names = sorted(known)
    close = suggestion(name, names)
    return UnknownPart(
        f"the app has no {what} `{name}`{with_what}",
        why=f"it has {', '.join(names)}" if names else "it has none",
        fix=f"write `{close}`" if close else "name one that `app.py` defines, and deploy it",
    )
