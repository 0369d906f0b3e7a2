"""The types of `sundog-runtime` for one app, for TypeScript and for editors of JavaScript.

They are an ambient module with all that the package's own declarations have, so that they count whether the package is
installed in the project or not.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Sequence

from sundog.session.bound_names import BoundName

_HEADER = "// Written by `sundog types`; `sundog dev` keeps it up to date. Changes are lost.\n"
_EMPTY = "export interface Resources {}"
_PARAMETER_TYPES = {
    "str": "string",
    "int": "number",
    "float": "number",
    "bool": "boolean",
    "list": "any[]",
    "dict": "Record<string, any>",
}


def typescript_declarations(source: str, names: Sequence[BoundName]) -> str:
    """Return the text of `sundog-runtime.d.ts`.

    Args:
        source: The package's own `index.d.ts`.
        names: What the app can bind.
    """
    members: dict[str, list[BoundName]] = {}
    for one in names:
        for key in dict.fromkeys((one.attribute, one.name)):
            members.setdefault(key, []).append(one)
    lines = ["export interface Resources {"]
    for key, same in members.items():
        places = ", ".join(f"{one.place.file}:{one.place.line}" for one in same if one.place)
        written = key if key.isidentifier() else json.dumps(key)
        lines += [f"  /** Declared at {places}. */"] if places else []
        lines.append(f"  readonly {written}: {' | '.join(_type(one, source) for one in same)};")
    body = source.replace(_EMPTY, "\n".join([*lines, "}"])).replace("export declare ", "export ")
    return f'{_HEADER}declare module "sundog-runtime" {{\n{textwrap.indent(body, "  ")}}}\n'


def _type(name: BoundName, source: str) -> str:
    if name.kind == "Parameter":
        return f"Parameter<{_PARAMETER_TYPES.get(name.value_type or '', 'unknown')}>"
    declared = re.search(rf"export interface {name.kind}\b[^{{]*\{{(.*?)\n\}}", source, re.DOTALL)
    if name.kind == "Secret":
        return name.kind
    known = set(re.findall(r"readonly (\w+)", declared[1])) if declared else set()
    further = [one for one in map(_camel, name.values) if one not in known]
    kind = name.kind if declared else "Resource"
    return f"{kind} & {{ {' '.join(f'readonly {one}: string;' for one in further)} }}" if further else kind


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)
