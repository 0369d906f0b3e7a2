"""Synthesizes a stage of the app: from the cache, in the warm process, or from nothing.

One synth runs at a time. A newer request stops the one that runs, whose caller gets `SynthSuperseded`. The assembly in
`.sundog/<stage>/assembly` is the last good one at any moment; a failed synth leaves it as it is.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import anyio
import anyio.abc
import anyio.to_thread

from sundog.deploy.synth.affected import first_affecting
from sundog.deploy.synth.assembly import AssemblyFolder, changed_stacks, read_previous_manifest, templates
from sundog.deploy.synth.attempt import (
    FIRST_MODULES,
    Attempt,
    RehearsalUse,
    Synthesized,
    app_environment,
    prepare,
)
from sundog.deploy.synth.cache import CachedSynth, SynthCache, SynthKey, reason_to_synthesize
from sundog.deploy.synth.errors import NodeNotStarted
from sundog.deploy.synth.interpreter import app_python, installed_versions
from sundog.deploy.synth.record import SynthRecord
from sundog.deploy.synth.rehearsals import LastSynth, Rehearsals
from sundog.deploy.synth.turns import Turns
from sundog.deploy.synth.worker import Surroundings, SynthWorker, WorkerDied
from sundog.errors import SundogError
from sundog.model.cache import cache_dir
from sundog.model.events import AppRehearsed, Notice, Observer, SynthFailed, SynthFinished, SynthStarted
from sundog.model.manifest import Manifest, read_manifest
from sundog.model.project import Project, Stage

Mode: TypeAlias = Literal["dev", "deploy"]
Origin: TypeAlias = Literal["cache", "warm", "cold"]

_AFTER_EDIT_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class SynthResult:
    """A cloud assembly and where it came from."""

    assembly: Path
    manifest: Manifest
    origin: Origin
    changed_stacks: list[str]
    """Names of the stacks whose template is not what it was before this synth."""
    duration_ms: float
    inputs: SynthRecord
    output: list[str]
    """The last lines that the app printed."""
    rehearsal: RehearsalUse = "none"


class SynthService:
    """Synthesizes one project."""

    def __init__(
        self,
        project: Project,
        observer: Observer,
        *,
        environ: Mapping[str, str] = os.environ,
        clock: Callable[[], float] = time.time,
        timeout_seconds: float = 600,
        node_idle_seconds: float = 180,
        idle_seconds: float = 900,
        worker: SynthWorker | None = None,
    ) -> None:
        """Describe a service that has started nothing yet.

        Args:
            project: Whose app it is.
            observer: Told about each synth.
            environ: The variables that the app is given, besides those of the stage.
            clock: The wall clock of events.
            timeout_seconds: When an app that does not end is stopped.
            node_idle_seconds: When the Node process that waits for the next synth is ended, for its memory, because no
                file was edited that long; the next file that `edited` is told of starts it again,
                which takes half a second.
            idle_seconds: When the whole worker is ended.
            worker: The process that runs the app; one that may fork where that is safe when not given.
        """
        self._project = project
        self._observer = observer
        self._environ = environ
        self._clock = clock
        self._timeout = timeout_seconds
        self._used = anyio.Event()
        self._prewarming = False
        self._last_stage: tuple[Stage, Mode] | None = None
        self._python = app_python(project.root)
        self._worker = worker or SynthWorker(python=self._python, fork=sys.platform == "linux")
        self._idle_steps = (
            (min(node_idle_seconds, idle_seconds), self._worker.release_runner),
            (max(0, idle_seconds - node_idle_seconds), self._worker.close),
        )
        self._rehearsals = Rehearsals(project, self._worker, timeout_seconds)
        self.on_doubt: Callable[[], None] = lambda: None
        """Called when the last synth turns out to be wrong, and another one will give the right result."""
        self._tasks: anyio.abc.TaskGroup | None = None
        self._turns = Turns()
        self._record: SynthRecord | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[SynthService]:
        """Keep the worker while the block runs; nothing of it is left after that."""
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._release_when_idle)
            try:
                yield self
            finally:
                tasks.cancel_scope.cancel()
                self._tasks = None
                await self._worker.close()

    @property
    def inputs(self) -> SynthRecord | None:
        """What the last synth read, whether it succeeded or not; None before the first."""
        return self._record

    def affected_by(self, paths: Iterable[Path]) -> Path | None:
        """Return the first of the files, created, changed or deleted, that calls for a synth."""
        if self._record is not None:
            return first_affecting(self._record, paths)
        return next((path for path in paths if path.suffix == ".py" or path == self._project.app_file), None)

    async def edited(self, paths: Sequence[Path]) -> Path | None:
        """Get ready after edits, and return the first that calls for a synth.

        The files are looked at in a thread: there may be ten thousand, and requests are served meanwhile.
        """
        self._used.set()
        self._prewarm_after_edit()
        return await anyio.to_thread.run_sync(self.affected_by, paths)

    def prewarm(self, stage: Stage, mode: Mode = "dev") -> None:
        """Begin to load the worker for the next synth, beside whatever else is done."""
        if self._tasks is not None:
            self._last_stage = (stage, mode)
            self._used.set()
            self._tasks.start_soon(self.get_ready, stage, mode)

    async def synth(self, stage: Stage, *, mode: Mode, reason: str) -> SynthResult:
        """Return the stage's cloud assembly, synthesizing when anything that the last synth read has changed.

        Args:
            stage: The stage.
            mode: `dev` when the live session runs the functions; `deploy` builds them.
            reason: `start`, or the file whose edit asks for it.

        Raises:
            SundogError: The app is wrong, or its process failed: a subclass of `errors.py`, or the construct's own.
            SynthSuperseded: Another call came before this one ended.
        """
        self._used.set()
        return await self._turns.newest(lambda: self._told(stage, mode, reason))

    async def _told(self, stage: Stage, mode: Mode, reason: str) -> SynthResult:
        started = time.perf_counter()
        self._observer(SynthStarted(at=self._clock(), reason=reason))
        try:
            result = await self._synth(stage, mode, started)
        except SundogError as error:
            duration = _milliseconds(started)
            self._observer(SynthFailed(at=self._clock(), duration_ms=duration, error=error.as_dict()))
            self.prewarm(stage, mode)
            raise
        self._observer(
            SynthFinished(
                at=self._clock(),
                duration_ms=result.duration_ms,
                origin=result.origin,
                changed_stacks=result.changed_stacks,
                output=result.output,
            )
        )
        return result

    async def _synth(self, stage: Stage, mode: Mode, started: float) -> SynthResult:
        folder = AssemblyFolder(self._project.assembly_dir(stage.name))
        folder.recover()
        cache = self._cache(stage)
        cached = await anyio.to_thread.run_sync(cache.load)
        key = self._key(mode)
        surroundings = self._surroundings(stage, mode, folder, cached)
        different = await anyio.to_thread.run_sync(
            reason_to_synthesize, cached, key, surroundings.environment
        )
        if different is None and cached.record is not None and folder.is_as(cached.assembly):
            self._record = cached.record
            return SynthResult(
                assembly=folder.folder,
                manifest=read_manifest(folder.folder),
                origin="cache",
                changed_stacks=[],
                duration_ms=_milliseconds(started),
                inputs=cached.record,
                output=[],
            )
        folder.prepare()
        try:
            made = await self._attempt(folder, surroundings, cached).run()
        except BaseException:
            folder.discard()
            raise
        self._rehearsals.note(made.rehearsal)
        changed = await anyio.to_thread.run_sync(_replace, folder, made.manifest)
        await anyio.to_thread.run_sync(
            cache.store,
            CachedSynth(
                key=key,
                record=made.record,
                assembly=folder.state(),
                python_modules=made.python_modules,
                node_modules=made.node_modules,
                type_hints=made.type_hints,
            ),
        )
        return _result(folder, made, changed, started)

    def _attempt(self, folder: AssemblyFolder, surroundings: Surroundings, cached: CachedSynth) -> Attempt:
        return Attempt(
            project=self._project,
            worker=self._worker,
            folder=folder,
            surroundings=surroundings,
            python_modules=_modules_ahead(cached),
            timeout_seconds=self._timeout,
            on_record=self._remember,
        )

    def _cache(self, stage: Stage) -> SynthCache:
        return SynthCache(self._project.stage_dir(stage.name) / "synth.json")

    def _key(self, mode: Mode) -> SynthKey:
        return SynthKey(
            mode=mode,
            versions=installed_versions(),
            app_file=str(self._project.app_file),
            python=self._python,
        )

    def _remember(self, record: SynthRecord) -> None:
        self._record = record

    def _surroundings(
        self, stage: Stage, mode: Mode, folder: AssemblyFolder, cached: CachedSynth
    ) -> Surroundings:
        return Surroundings(
            cwd=self._project.root,
            environment=app_environment(self._project, stage, mode, folder.next, self._environ),
            cache=cache_dir(self._environ) / "synth",
            node_modules=cached.node_modules,
            type_hints=cached.type_hints,
        )

    async def _release_when_idle(self) -> None:
        """Give memory back in two steps, each when nothing was edited for a while."""
        while True:
            self._used = anyio.Event()
            for seconds, release in self._idle_steps:
                with anyio.move_on_after(seconds):
                    await self._used.wait()
                async with self._turns.between():
                    if self._used.is_set():
                        break
                    await release()
            await self._used.wait()

    def _prewarm_after_edit(self) -> None:
        """Get back what was released."""
        if self._tasks is None or self._last_stage is None or self._prewarming or self._worker.prepared:
            return
        stage, mode = self._last_stage

        async def prewarm() -> None:
            try:
                # The edited function is started now, and comes first.
                await anyio.sleep(_AFTER_EDIT_SECONDS)
                await self.get_ready(stage, mode)
            finally:
                self._prewarming = False

        self._prewarming = True
        self._tasks.start_soon(prewarm)

    async def get_ready(self, stage: Stage, mode: Mode = "dev") -> None:
        """Load the worker for the next synth, and rehearse the app in it; a failure is said and ends nothing."""
        async with self._turns.between():
            cached = self._cache(stage).load()
            folder = AssemblyFolder(self._project.assembly_dir(stage.name))
            surroundings = self._surroundings(stage, mode, folder, cached)
            is_loaded = self._worker.is_current(surroundings) and self._worker.loaded_modules.issuperset(
                cached.python_modules
            )
            if is_loaded and self._worker.prepared is not None:
                return
            try:
                if not is_loaded and not await self._load_ahead(cached, surroundings):
                    return
                await prepare(self._worker, surroundings)
                self._used.set()
                # A synth that waits needs no rehearsal now; it will be followed by one.
                if not self._turns.is_awaited:
                    await self._rehearse(
                        stage, LastSynth(cached=cached, key=self._key(mode), folder=folder), surroundings
                    )
            except (WorkerDied, NodeNotStarted) as error:
                await self._worker.close()
                self._observer(
                    Notice(
                        at=self._clock(), level="warning", text=f"the next synth will start slowly: {error}"
                    )
                )

    async def _load_ahead(self, cached: CachedSynth, surroundings: Surroundings) -> bool:
        """Return whether the worker has loaded; not when a synth would have had to wait too long for that."""
        modules = _modules_ahead(cached)
        if await self._turns.ahead(lambda: self._worker.load(modules, surroundings, ahead=True)):
            return True
        await self._worker.close()
        return False

    async def _rehearse(self, stage: Stage, last: LastSynth, surroundings: Surroundings) -> None:
        started = time.perf_counter()
        done = await self._rehearsals.rehearse(last, surroundings)
        self._observer(
            AppRehearsed(
                at=self._clock(),
                outcome=done.outcome,
                reason=done.reason,
                duration_ms=_milliseconds(started),
            )
        )
        if done.last_is_wrong:
            self._doubt_last(stage)

    def _doubt_last(self, stage: Stage) -> None:
        self._cache(stage).forget()
        text = f"`{self._project.settings.app}` gave other templates in a process that had run it before than in a new one"
        fix = "nothing: it is synthesized again, and always in a new process until the session ends"
        self._observer(Notice(at=self._clock(), level="warning", text=text, fix=fix))
        self.on_doubt()


def _modules_ahead(cached: CachedSynth) -> list[str]:
    return list(dict.fromkeys([*FIRST_MODULES, *cached.python_modules]))


def _replace(folder: AssemblyFolder, manifest: Manifest) -> list[str]:
    before, previous = templates(folder.folder), read_previous_manifest(folder.folder)
    folder.accept()
    return changed_stacks(before, previous, templates(folder.folder), manifest)


def _result(folder: AssemblyFolder, made: Synthesized, changed: list[str], started: float) -> SynthResult:
    return SynthResult(
        assembly=folder.folder,
        manifest=made.manifest,
        origin="warm" if made.was_warm else "cold",
        changed_stacks=changed,
        duration_ms=_milliseconds(started),
        inputs=made.record,
        output=made.output,
        rehearsal=made.rehearsal,
    )


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000
