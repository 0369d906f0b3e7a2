"""What the cold start of a Python function is made of."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sundog.bundle.requirements import find_requirements, package_name
from sundog.errors import BundleError
from sundog.live.coldstart.measure import measure
from sundog.live.coldstart.python_shares import PythonAttribution
from sundog.live.coldstart.shares import PROJECT, Analysis, changes, shares
from sundog.live.interpreter import InterpreterChooser
from sundog.live.worker.python import runtime_package_folder
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project
from sundog.model.sources import source_files
from sundog.model.threads import in_thread


async def analyze_python(
    project: Project, function: DeployedFunction, environ: Mapping[str, str], notes: list[str]
) -> Analysis:
    """Import a handler several times.

    Args:
        project: Where the sources are.
        function: Whose cold start it is.
        environ: The whole environment of the processes.
        notes: Told what could not be known.

    Raises:
        HandlerNotImported: Its module cannot be imported.
    """
    entry = function.entry
    chooser = InterpreterChooser(project, lambda text, _: notes.append(text), environ=os.environ)
    interpreter = chooser.choose(function)
    named, excluded = _packages(project, entry, notes)
    runtime = runtime_package_folder()
    assert runtime is not None  # noqa: S101 - sundog depends on it
    measured = await in_thread(
        partial(
            measure,
            entry,
            root=project.root,
            interpreter=interpreter,
            environ=environ,
            runtime_package=runtime,
            named=named,
            excluded=excluded,
        )
    )
    attribution = PythonAttribution(
        measured,
        root=project.root,
        source=(project.root / entry.source).resolve(),
        standard=sys.stdlib_module_names,
    )
    sizes = {one.name: one.bytes for one in measured.distributions} | {
        PROJECT: _project_bytes(project, entry)
    }
    return Analysis(
        interpreter=interpreter,
        rounds_ms=measured.rounds_ms,
        median_ms=measured.median_ms,
        tree=measured.tree,
        shares=shares(measured.tree, sizes, attribution, {}),
        changes=changes(measured.tree, measured.imports, attribution),
    )


def _packages(
    project: Project, entry: FunctionEntry, notes: list[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of what is packaged with the function, and of what is left out."""
    try:
        requirements = find_requirements(
            project.root, project.root / entry.source, os.environ, f"{entry.runtime} on {entry.architecture}"
        )
    except BundleError as error:
        notes.append(f"packages that are never imported are left out: {error.what}")
        return frozenset(), frozenset()
    names = frozenset(name for name in map(package_name, requirements.lines) if name)
    return names, frozenset(requirements.excluded)


def _project_bytes(project: Project, entry: FunctionEntry) -> int:
    leave_out = [project.app_file, *(project.root / name for name in project.settings.ignore)]
    files = source_files(project.root / entry.source, language="python", leave_out=leave_out)
    return sum(Path(file).stat().st_size for file in files)
