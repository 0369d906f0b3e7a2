"""Importing a handler as a cold start does, several times, in processes of their own."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sundog.errors import HandlerError, Location
from sundog.live.coldstart.probe import BEGIN, END
from sundog.live.coldstart.tree import Imported, import_tree
from sundog.model.manifest import FunctionEntry

PROBE = Path(__file__).parent / "probe.py"
ROUNDS = 5
LONGEST_SECONDS = 120


class HandlerNotImported(HandlerError):
    """The module of a handler could not be imported, so its cold start cannot be measured.

    It is imported as Lambda does: from the function's source folder, in the interpreter that `sundog dev` uses. When it
    reads environment variables that only a deployed function has, start `sundog dev` beside, which knows them.
    """

    code = "SD-COLDSTART-001"


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
    told = json.dumps({"named": sorted(named), "excluded": sorted(excluded)})
    source = (root / entry.source).resolve()
    module = Path(entry.file).relative_to(entry.source).with_suffix("").as_posix().replace("/", ".")
    with tempfile.TemporaryDirectory(prefix="sundog-coldstart-") as temporary:
        # A folder with nothing else in it: what stands beside sundog's own must not be found.
        (Path(temporary) / "sundog_runtime").symlink_to(runtime_package, target_is_directory=True)
        report = Path(temporary) / "report.json"

        def run(*options: str, packaging: Collection[str] = ()) -> tuple[dict[str, Any], str]:
            command = [
                interpreter,
                *options,
                str(PROBE),
                str(source),
                module,
                temporary,
                str(report),
                *packaging,
            ]
            output = _run(command, entry, environ, source)
            return json.loads(report.read_text("utf-8")), output

        # The first also writes the bytecode that the others, and Lambda after the first start, find.
        described, output = run("-X", "importtime", packaging=[told])
        times = [float(run()[0]["elapsed_ms"]) for _ in range(rounds)]
    between = output.partition(BEGIN)[2].partition(END)[0]
    return Measurement(
        rounds_ms=times,
        tree=import_tree(between.splitlines()),
        files=described["files"],
        distributions=tuple(
            Distribution(name=one["name"], modules=tuple(one["modules"]), bytes=one["bytes"])
            for one in described["distributions"]
        ),
    )


def _run(command: list[str], entry: FunctionEntry, environ: Mapping[str, str], source: Path) -> str:
    where = Location(entry.file, None, None)
    try:
        done = subprocess.run(
            command,
            env=dict(environ),
            cwd=source,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=LONGEST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise HandlerNotImported(
            f"importing the handler `{entry.handler}` took more than {LONGEST_SECONDS} seconds",
            where=where,
            why="Lambda gives an init ten seconds before it starts again",
            fix="look for what waits at the top of the module",
        ) from error
    except OSError as error:
        raise HandlerNotImported(
            f"the interpreter `{command[0]}` cannot be started",
            where=where,
            why=os.strerror(error.errno or 0),
            fix="correct `python` in [tool.sundog]",
        ) from error
    if done.returncode != 0:
        trace = [line for line in done.stderr.splitlines() if not line.startswith("import time:")]
        raise HandlerNotImported(
            f"the handler `{entry.handler}` could not be imported",
            where=where,
            why=trace[-1] if trace else f"the interpreter ended with status {done.returncode}",
            fix="correct the module; `sundog dev` shows the same error at the first request",
            details=trace[-12:],
        )
    return done.stderr
