"""The schema of a GraphQL API: one file, or several that are joined into one."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import aws_cdk.aws_appsync as appsync

from sundog.constructs._construct import SundogConstruct
from sundog.constructs._registry import listed
from sundog.errors import ConstructError, suggestion

_QUOTED = re.compile(r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|#[^\n]*')
_TYPE = re.compile(r"\b(extend\s+)?type\s+(\w+)[^{}]*\{")


class SchemaMissing(ConstructError):
    """The schema of an `AppSyncApi` is not a file of the project, or none is named.

    `schema` is the path of a file in GraphQL's schema definition language, from the project root, or a list of them. A
    type that stands in several files, such as `Query`, is joined.
    """

    code = "SD-APPSYNC-002"


def project_text(api: SundogConstruct, kind: type[ConstructError], what: str, path: str) -> str:
    """Return the text of a file of the project.

    Read here and not by the CDK: what synth reads in Python is known, so that an edit synthesizes again.

    Args:
        api: The API.
        kind: The error to raise when there is no such file.
        what: What the file is for, for messages.
        path: From the project root.
    """
    root = api.registry.project.root
    file = root / path
    if not file.is_file():
        beside = sorted(one.relative_to(root).as_posix() for one in file.parent.glob("*") if one.is_file())
        close = suggestion(path, beside)
        raise api.error(
            kind,
            f"{api.kind} `{api.id}`: {what} `{path}` is no file of the project",
            why="paths start at the project root"
            + (f"; beside it are {listed(beside[:5])}" if beside else ""),
            fix=f"write `{close}`" if close else f"create `{path}`",
        )
    return file.read_text("utf-8")


def schema_of(api: SundogConstruct, given: str | Sequence[str] | None) -> appsync.SchemaFile:
    """Return the schema that an API's `schema` names."""
    paths = [given] if isinstance(given, str) else list(given or [])
    if not paths:
        raise api.error(
            SchemaMissing,
            f"{api.kind} `{api.id}` has no `schema`",
            why="it says which types and fields there are",
            fix='add `schema="schema.graphql"`',
        )
    texts = [project_text(api, SchemaMissing, "schema", path) for path in paths]
    with tempfile.TemporaryDirectory() as folder:
        # The CDK takes a file, and reads it at once.
        file = Path(folder) / "schema.graphql"
        file.write_text(texts[0] if len(texts) == 1 else joined_schemas(texts), "utf-8")
        return appsync.SchemaFile(file_path=str(file))


def joined_schemas(texts: Sequence[str]) -> str:
    r"""Return schemas as one; a type that stands in several has the fields of all.

    Example:
        >>> joined_schemas(["type Query {\n  a: Int\n}", "extend type Query {\n  b: Int\n}"])
        'type Query {\n  a: Int\n\n  b: Int\n}\n'
    """
    whole = "\n".join(texts)
    masked = _QUOTED.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), whole)
    first_end: dict[str, int] = {}
    added: dict[int, list[str]] = {}
    removed: list[tuple[int, int]] = []
    for match in _TYPE.finditer(masked):
        end = _closing_brace(masked, match.end())
        name = match[2]
        if name in first_end:
            # With the description before it: the first one stands.
            start = len(masked[: match.start()].rstrip())
            removed.append((start, end + 1))
            added.setdefault(first_end[name], []).append(whole[match.end() : end].rstrip())
        else:
            first_end[name] = end
            if match[1]:
                removed.append(match.span(1))
    parts, position = [], 0
    cuts = sorted(
        [(start, end, "") for start, end in removed] + [(at, at, "\n".join(added[at]) + "\n") for at in added]
    )
    for start, end, text in cuts:
        parts += [whole[position:start], text]
        position = end
    return "".join([*parts, whole[position:]]).rstrip() + "\n"


def _closing_brace(masked: str, position: int) -> int:
    """Return where the block that was entered before a position ends; default values of arguments have braces too."""
    depth = 1
    for index in range(position, len(masked)):
        depth += {"{": 1, "}": -1}.get(masked[index], 0)
        if depth == 0:
            return index
    # Not closed: AppSync says so, with the line.
    return len(masked)
