"""How a function is built for a live session: everything in one ECMAScript module, with an external source map.

What is bundled is what a deploy bundles. The differences serve the edit: names stay as they are written, and the source
map carries no copy of the sources.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sundog.bundle.node_runtime import node_runtime_flags
from sundog.live.node.esbuild_service import BuildPlan
from sundog.model.manifest import FunctionEntry

OUTPUT_NAME = "index"

# CommonJS packages inside an ECMAScript module expect these names. As globals they do not collide with a handler that
# declares its own, as `const require = createRequire(import.meta.url)` does.
_BANNER = (
    'import{createRequire as __sundogRequire}from"node:module";'
    "globalThis.require??=__sundogRequire(import.meta.url);"
    "globalThis.__filename??=import.meta.filename;globalThis.__dirname??=import.meta.dirname;"
)


def build_plan(entry: FunctionEntry, root: Path, folder: Path) -> BuildPlan:
    """Return the plan for a function.

    Args:
        entry: The function.
        root: The project's folder.
        folder: Where outputs go; esbuild writes paths in source maps relative to a folder below it.
    """
    return BuildPlan(
        entry=f"./{entry.file}",
        output_name=OUTPUT_NAME,
        flags=(
            "--bundle",
            "--platform=node",
            "--format=esm",
            "--main-fields=module,main",
            f"--target=node{_major(entry.runtime)}",
            f"--outdir={folder / '0'}",
            "--out-extension:.js=.mjs",
            "--sourcemap=linked",
            "--sources-content=false",
            "--metafile",
            "--keep-names",
            "--log-level=silent",
            "--log-limit=0",
            "--color=false",
            f"--banner:js={_BANNER}{entry.build.get('banner', '')}",
            *node_runtime_flags(root),
            *_user_flags(entry.build),
        ),
        working_folder=root,
    )


def _user_flags(options: Mapping[str, Any]) -> list[str]:
    flags = [f"--external:{name}" for name in options.get("external", ())]
    for option in ("define", "loader", "alias"):
        flags += [f"--{option}:{key}={value}" for key, value in options.get(option, {}).items()]
    flags += [f"--inject:{file}" for file in options.get("inject", ())]
    if conditions := options.get("conditions"):
        flags.append(f"--conditions={','.join(conditions)}")
    if tsconfig := options.get("tsconfig"):
        flags.append(f"--tsconfig={tsconfig}")
    if target := options.get("target"):
        flags.append(f"--target={target}")
    return flags


def _major(runtime: str) -> str:
    match = re.match(r"nodejs(\d+)", runtime)
    return match[1] if match else "20"
