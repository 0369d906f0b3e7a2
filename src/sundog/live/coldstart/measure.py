"""Importing a handler as a cold start does, several times, in processes of their own."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sundog.live.coldstart.probe import BEGIN, END
from sundog.live.coldstart.process import ROUNDS, run_import
from sundog.live.coldstart.tree import Imported, import_tree
from sundog.model.manifest import FunctionEntry

PROBE = Path(__file__).parent / "probe.py"


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """An installed package."""

    name: str
    modules: tuple[str, ...]
    """Top-level modules that were imported from it."""
    bytes: int
    """0 for what is not in the function's package."""


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What importing a handler came to."""

    rounds_ms: list[float]
    """Each round's time, without the instrument."""
    tree: list[Imported]
    """From one round with the instrument, which takes longer."""
    files: Mapping[str, str | None] = field(default_factory=dict)
    """Where each module came from; None for what is built into Python."""
    distributions: tuple[Distribution, ...] = ()
    imports: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What each module imports, also when another has loaded it before."""

    @property
    def median_ms(self) -> float:
        """The middle one of the rounds."""
        return statistics.median(self.rounds_ms)


def measure(
    entry: FunctionEntry,
    *,
    root: Path,
    interpreter: str,
    environ: Mapping[str, str],
    runtime_package: Path,
    named: Collection[str],
    excluded: Collection[str],
    rounds: int = ROUNDS,
) -> Measurement:
    """Import a Python handler several times.

    Args:
        entry: The function.
        root: The project's folder.
        interpreter: The Python to run.
        environ: The whole environment of the processes.
        runtime_package: The folder of `sundog_runtime`, for interpreters that do not have it.
        named: Packages that the function's package is made of, with what they need.
        excluded: Those that are left out of it, because Lambda has them.
        rounds: How often, besides the instrumented round.

    Raises:
        HandlerNotImported: The module raised something, or took too long.
    """
    packaging = json.dumps({"named": sorted(named), "excluded": sorted(excluded)})
    source = (root / entry.source).resolve()
    module = Path(entry.file).relative_to(entry.source).with_suffix("").as_posix().replace("/", ".")
    with tempfile.TemporaryDirectory(prefix="sundog-coldstart-") as temporary:
        # A folder with nothing else in it: what stands beside sundog's own must not be found.
        (Path(temporary) / "sundog_runtime").symlink_to(runtime_package, target_is_directory=True)
        report = Path(temporary) / "report.json"

        def run(*options: str, told: Collection[str] = ()) -> tuple[dict[str, Any], str]:
            command = [
                interpreter,
                *options,
                str(PROBE),
                str(source),
                module,
                temporary,
                str(report),
                *told,
            ]
            output = run_import(command, entry, environ, source, cause=_last_line)
            return json.loads(report.read_text("utf-8")), output

        # The first also writes the bytecode that the others, and Lambda after the first start, find.
        described, output = run("-X", "importtime", told=[packaging])
        times = [float(run()[0]["elapsed_ms"]) for _ in range(rounds)]
        followed, _ = run(told=[json.dumps({"follow": True})])
    between = output.partition(BEGIN)[2].partition(END)[0]
    return Measurement(
        rounds_ms=times,
        tree=import_tree(between.splitlines()),
        files=described["files"],
        imports=_with_parents(followed["imports"], described["files"]),
        distributions=tuple(
            Distribution(name=one["name"], modules=tuple(one["modules"]), bytes=one["bytes"])
            for one in described["distributions"]
        ),
    )


def _with_parents(
    imports: Mapping[str, Collection[str]], modules: Collection[str]
) -> dict[str, frozenset[str]]:
    """Add that a module needs the package that it is in."""
    found = {name: set(names) for name, names in imports.items()}
    for name in modules:
        if "." in name:
            found.setdefault(name, set()).add(name.rpartition(".")[0])
    return {name: frozenset(names) for name, names in found.items()}


def _last_line(trace: Sequence[str]) -> str:
    return trace[-1]
