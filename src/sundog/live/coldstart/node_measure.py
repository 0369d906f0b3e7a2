"""Importing a bundled Node handler as a cold start does, several times, in processes of their own."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sundog.live.coldstart.node_bundle import Bundle, InputImport, Metafile
from sundog.live.coldstart.process import ROUNDS, run_import
from sundog.live.coldstart.tree import Imported
from sundog.model.manifest import FunctionEntry

PROBE = Path(__file__).parent / "node_probe.mjs"
LOADING = "reading and compiling"
"""What Node itself takes: finding files, compiling them, linking modules."""
_ERROR = re.compile(r"(?:Uncaught )?[\w$.]*(?:Error|Exception)\b.*")
_MISSING = re.compile(r"Cannot find (?:package|module) '((?:@[^/']+/)?[^/'.][^/']*)")


class _Frame(msgspec.Struct, array_like=True, frozen=True):
    module: str
    parent: str | None
    self_ms: float


class _Report(msgspec.Struct, frozen=True):
    elapsed_ms: float
    frames: list[_Frame] = []


@dataclass(frozen=True, kw_only=True)
class Importer:
    """Imports a function's bundles."""

    entry: FunctionEntry
    node: Path
    environ: Mapping[str, str]
    folder: Path
    """Where the process runs: the function's source folder."""
    rounds: int = ROUNDS

    def times(self, bundle: Bundle) -> list[float]:
        """Return how long each round took, in milliseconds.

        Raises:
            HandlerNotImported: The module raised something, or took too long.
        """
        # The first brings the files into memory.
        self._run(bundle)
        return [self._run(bundle).elapsed_ms for _ in range(self.rounds)]

    def tree(self, marked: Bundle) -> list[Imported]:
        """Return the modules that were evaluated, each where it is imported first; times are medians of several rounds.

        Args:
            marked: A bundle with marks.

        Raises:
            HandlerNotImported: The module raised something, or took too long.
        """
        externals = marked.file.with_name("externals.mjs")
        lines = [f"[{json.dumps(name)}, () => import({json.dumps(name)})]," for name in marked.externals]
        externals.write_text("\n".join(["export default [", *lines, "];", ""]), "utf-8")
        reports = [self._run(marked, externals) for _ in range(self.rounds)]
        spent: dict[str, list[float]] = {}
        loading = []
        for report in reports:
            for frame in report.frames:
                spent.setdefault(frame.module, []).append(frame.self_ms)
            loading.append(report.elapsed_ms - sum(frame.self_ms for frame in report.frames))
        medians = {module: statistics.median(times) for module, times in spent.items()}
        parents = {frame.module: frame.parent for frame in reports[0].frames}
        rest = statistics.median(loading)
        return [
            *module_tree(marked.metafile, self.entry.file, medians, parents),
            Imported(LOADING, rest, rest),
        ]

    def _run(self, bundle: Bundle, *more: Path) -> _Report:
        with tempfile.TemporaryDirectory(prefix="sundog-coldstart-") as temporary:
            report = Path(temporary) / "report.json"
            command = [self.node, PROBE, bundle.file, report, *more]
            run_import(
                [str(word) for word in command], self.entry, self.environ, self.folder, cause=_cause, fix=_fix
            )
            return msgspec.json.decode(report.read_bytes(), type=_Report)


def module_tree(
    metafile: Metafile, entry: str, spent: Mapping[str, float], parents: Mapping[str, str | None]
) -> list[Imported]:
    """Return the tree of evaluated modules.

    What is bundled stands where esbuild says that it is imported first; what was loaded from outside the bundle stands where
    it was required.

    Args:
        metafile: Of the bundle.
        entry: The handler's file.
        spent: Each evaluated module's own time.
        parents: In whose evaluation each was loaded.
    """
    loaded: dict[str | None, list[str]] = {}
    for module, parent in parents.items():
        if module not in metafile.inputs:
            loaded.setdefault(parent, []).append(module)
    placed: set[str] = set()

    def build(module: str) -> Imported:
        placed.add(module)
        found = metafile.inputs.get(module)
        imported = [name for one in found.imports for name in module_names(one)] if found else []
        # What a child has placed is not placed again: the condition is asked after the children before.
        children = [
            build(name)
            for name in [*imported, *loaded.get(module, [])]
            if name in spent and name not in placed
        ]
        own = spent[module]
        return Imported(module, own, own + sum(child.total_ms for child in children), children)

    roots = [module for module in (entry, *spent) if module in spent]
    return [build(module) for module in roots if module not in placed]


def module_names(imported: InputImport) -> list[str]:
    """Return what the probe may call an import: of what is outside of the bundle, esbuild does not say what is Node's own."""
    if not imported.external:
        return [imported.path]
    return [f"node:{imported.path.removeprefix('node:')}", f"node_modules/{imported.path}"]


def imports_of(metafile: Metafile) -> dict[str, set[str]]:
    """Return what the modules of a bundle import, each that is a file of the bundle or outside of it."""
    return {
        name: {possible for one in found.imports for possible in module_names(one)}
        for name, found in metafile.inputs.items()
    }


def _cause(trace: Sequence[str]) -> str:
    return next((line for line in trace if _ERROR.match(line)), trace[0])


def _fix(why: str) -> str | None:
    missing = _MISSING.search(why)
    if missing is None:
        return None
    return f"run `npm install {missing[1]}`: the bundle leaves it out, and this machine does not have it"


def loaded_outside(tree: Sequence[Imported], metafile: Metafile) -> list[str]:
    """Return the packages that were loaded from outside of the bundle, as they were imported."""
    outside = {one.path for found in metafile.outputs.values() for one in found.imports if one.external}
    evaluated = {module.name for root in tree for module in root.walk()}
    return sorted(name for name in outside if f"node_modules/{name}" in evaluated)
