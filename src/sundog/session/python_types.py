"""The stub of `sundog_runtime` for one app: `resources` has what the app declares, and nothing else.

It is made of the source of the installed `sundog_runtime`, bodies left out, so that the two cannot differ. A stub replaces
the whole package for whoever reads it; hence all of it is written, not only what is added.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from itertools import groupby

from sundog.session.bound_names import BoundName

_HEADER = """# Written by `sundog types`; `sundog dev` keeps it up to date. Changes are lost.
from collections.abc import Iterator, Mapping
from typing import Any, Literal, overload

"""
_VISIBLE = {"__init__", "__iter__", "__contains__", "__dir__"}
"""Special methods that a reader sees; `__getattr__` would make every name right."""


def python_stub(source: str, names: Sequence[BoundName]) -> str:
    """Return the text of `sundog_runtime/__init__.pyi`.

    Args:
        source: The text of the runtime's `_resources.py`.
        names: What the app can bind.
    """
    classes = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    kinds = {node.name: _declared(node, classes) for node in classes}
    parts = [_class(node, names, kinds) for node in classes if not _is_internal(node)]
    parts[-1:-1] = [_special(name, kinds) for name in names if _needs_class(name, kinds)]
    return _HEADER + "\n".join(
        [*parts, "resources: Resources", '"""The bound resources of the running function."""', ""]
    )


def _is_internal(node: ast.ClassDef) -> bool:
    return node.name == "Shelf"


def _declared(node: ast.ClassDef, classes: Iterable[ast.ClassDef]) -> set[str]:
    """Return the names that a class of the runtime has, those of its bases among them."""
    by_name = {one.name: one for one in classes}
    own = {
        part.target.id
        for part in node.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    }
    own |= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in by_name:
            own |= _declared(by_name[base.id], by_name.values())
    return own


def _class(node: ast.ClassDef, names: Sequence[BoundName], kinds: dict[str, set[str]]) -> str:
    body: list[ast.stmt] = []
    keep = True
    for part in node.body:
        if isinstance(part, ast.Expr):
            # The text below a name belongs to it.
            keep = keep or part is node.body[0]
        elif isinstance(part, ast.FunctionDef):
            keep = part.name in _VISIBLE or not part.name.startswith("_")
            text = ast.get_docstring(part)
            part.body = [ast.Expr(ast.Constant(text))] if text else []
            part.body.append(ast.Expr(ast.Constant(...)))
            part.args.defaults = [ast.Constant(...) for _ in part.args.defaults]
        else:
            keep = isinstance(part, ast.AnnAssign) and not ast.unparse(part.target).startswith("_")
        if keep:
            body.append(part)
    if node.name == "Resources":
        body += ast.parse(_members(names, kinds)).body
    node.body = body or [ast.Expr(ast.Constant(...))]
    return ast.unparse(node) + "\n"


def _members(names: Sequence[BoundName], kinds: dict[str, set[str]]) -> str:
    lines: list[str] = []
    groups = [(attribute, list(same)) for attribute, same in groupby(names, key=lambda one: one.attribute)]
    for attribute, same in groups:
        kind = " | ".join(_type(one, kinds) for one in same)
        places = ", ".join(f"{one.place.file}:{one.place.line}" for one in same if one.place)
        if same[0].is_identifier:
            lines += [f"{attribute}: {kind}", *([f'"""Declared at {places}."""'] if places else [])]
    for attribute, same in groups:
        keys = ", ".join(repr(name) for name in sorted({attribute, *(one.name for one in same)}))
        kind = " | ".join(_type(one, kinds) for one in same)
        if len(groups) > 1:
            lines.append("@overload")
        lines.append(f"def __getitem__(self, name: Literal[{keys}]) -> {kind}: ...")
    return "\n".join(lines)


def _needs_class(name: BoundName, kinds: dict[str, set[str]]) -> bool:
    return name.value_type is not None or not set(name.values) <= kinds.get(name.kind, set())


def _type(name: BoundName, kinds: dict[str, set[str]]) -> str:
    return f"_{name.kind}_{name.attribute}" if _needs_class(name, kinds) else name.kind


def _special(name: BoundName, kinds: dict[str, set[str]]) -> str:
    """Return a class for what the runtime's own class of the kind does not say."""
    declared = kinds.get(name.kind)
    base = "Resource" if declared is None else name.kind
    types = {"list": "list[Any]", "dict": "dict[str, Any]"}
    lines = [
        f"    {value}: {types.get(name.value_type, name.value_type) if name.value_type else 'str'}"
        for value in name.values
        if name.value_type is not None or value not in (declared or ())
    ]
    return f"class {_type(name, kinds)}({base}):\n" + "\n".join(lines) + "\n"
