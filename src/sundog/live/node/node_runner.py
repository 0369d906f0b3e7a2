"""Node functions for the live session: builds with esbuild, processes from the spares."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sundog.errors import BugError, SundogError
from sundog.live.node.build_errors import function_error
from sundog.live.node.esbuild_service import BuildMessage, BuildOutput, EsbuildService
from sundog.live.node.interpreters import NodeChoice, NodeFinder
from sundog.live.node.plan import OUTPUT_NAME, build_plan
from sundog.live.node.spares import Assignment, SparePool, node_command
from sundog.live.runner import BuildOutcome, Spawn, StartRequest, WorkerProcess
from sundog.live.variables import base_variables
from sundog.model.events import FunctionError, Notice, Observer
from sundog.model.functions import DeployedFunction

# Node reads these when it starts: a spare would not see them.
_READ_AT_START = re.compile(
    r"NODE_OPTIONS|NODE_EXTRA_CA_CERTS|NODE_DEBUG.*|NODE_V8_COVERAGE|NODE_ICU_DATA|NODE_PENDING_.*|UV_.*|SSL_CERT_.*"
    r"|OPENSSL_.*|LD_.*|DYLD_.*|MALLOC_.*"
)
_SETTINGS = frozenset(("package.json", "tsconfig.json", "jsconfig.json"))
_SOURCES = frozenset((".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx", ".json"))
# An environment that still runs an older build may yet read its source map, for the stack of an error.
_KEPT_BUILDS = 4


@dataclass(frozen=True, kw_only=True)
class DebugTarget:
    """An environment whose inspector is open and that waits for a debugger."""

    environment_id: str
    title: str
    process_id: int
    inspector_url: str
    bundle: Path


@dataclass(frozen=True, kw_only=True)
class NodeDebugging:
    """What the debugger wants of new environments."""

    wanted: Callable[[], bool]
    """Whether an editor is attached."""
    attach: Callable[[DebugTarget], Awaitable[None]]
    """Called with each environment started while one is."""


@dataclass
class _Function:
    function: DeployedFunction
    folder: Path
    inputs: frozenset[Path] = frozenset()
    failed: bool = False
    builds: int = 0
    bundle: Path | None = None
    outputs: dict[str, bytes] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class NodeRunner:
    """Implements `sundog.live.runner.Runner` for JavaScript and TypeScript."""

    def __init__(
        self,
        *,
        root: Path,
        folder: Path,
        spawn: Spawn,
        observer: Observer,
        esbuild: EsbuildService,
        nodes: NodeFinder,
        environ: Mapping[str, str],
        spares: int = 2,
        refill_seconds: float = 0.25,
        debugging: NodeDebugging | None = None,
        wall_clock: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Prepare the runner; nothing is started yet.

        Args:
            root: The project's folder.
            folder: Where builds are written, `.sundog/<stage>/node`.
            spawn: Starts processes that cannot outlive the session.
            observer: Told which Node runs which runtime when it is not the one asked for.
            esbuild: Builds; closed with the runner.
            nodes: Chooses the Node of a runtime.
            environ: The session's environment; what every worker inherits of it, spares have as well.
            spares: How many Node processes wait.
            refill_seconds: How long after one was taken the next is started.
            debugging: Asked about each new environment in a session with a debugger.
            wall_clock: Time of events.
            clock: Measures durations.
        """
        self._root = root.resolve()
        self._folder = folder.resolve()
        self._spawn = spawn
        self._observer = observer
        self._esbuild = esbuild
        self._nodes = nodes
        self._debugging = debugging
        self._wall_clock = wall_clock
        self._clock = clock
        self._functions: dict[str, _Function] = {}
        self._noticed: set[str] = set()
        self._resolved: dict[str, Path] = {}
        self._spare_environ = base_variables(environ)
        self._spares = SparePool(
            spawn, environ=self._spare_environ, size=spares, refill_seconds=refill_seconds
        )

    async def prepare(self, functions: Sequence[DeployedFunction]) -> None:
        """Get to know all Node functions, forget those that are gone, and start the spares."""
        wanted = {function.entry.id: function for function in functions}
        for gone in set(self._functions) - set(wanted):
            del self._functions[gone]
            await self._esbuild.forget(gone)
        for identity, function in wanted.items():
            known = self._functions.get(identity)
            if known is None:
                self._functions[identity] = _Function(function=function, folder=self._own_folder(identity))
            else:
                known.function = function
        choices = {await self._choose(function) for function in functions}
        for choice in choices:
            await self._spares.fill(choice.binary)

    async def build(self, function: DeployedFunction) -> BuildOutcome:
        """Build a function from the files as they are now."""
        state = self._functions.setdefault(
            function.entry.id, _Function(function=function, folder=self._own_folder(function.entry.id))
        )
        async with state.lock:
            started = self._clock()
            plan = build_plan(function.entry, self._root, state.folder)
            try:
                output = await self._esbuild.build(function.entry.id, plan)
            except SundogError as error:
                # Those who wait for the function are told; the next edit or request builds again.
                state.failed = True
                entry = frozenset({self._root / function.entry.file})
                message = ": ".join(part for part in (error.what, error.why) if part)
                failure = FunctionError(
                    error_type="Sundog.BuildFailed", message=message, frames=list(error.fixes)
                )
                return BuildOutcome(files=entry, error=failure, duration_ms=self._since(started))
            if output.errors:
                state.failed = True
                tried = (
                    state.inputs | self._paths(_named_in(output.errors)) | {self._root / function.entry.file}
                )
                return BuildOutcome(
                    files=tried, error=function_error(output.errors), duration_ms=self._since(started)
                )
            state.failed = False
            state.inputs = self._paths(name for name in output.inputs if "/node_modules/" not in name)
            self._write(state, output)
            return BuildOutcome(files=state.inputs, duration_ms=self._since(started))

    async def start(self, request: StartRequest) -> WorkerProcess:
        """Start a process for the last build of a function.

        Raises:
            WorkerLost: The process ended at once.
        """
        state = self._functions[request.function.entry.id]
        if state.bundle is None:
            raise BugError(f"`{request.function.entry.id}` is started before it was built")
        choice = await self._choose(request.function)
        inspect = self._debugging is not None and self._debugging.wanted()
        if self._needs_its_own_start(request.environ) and not inspect:
            return await self._spawn(
                [*node_command(choice.binary), str(state.bundle)],
                environ=request.environ,
                cwd=state.folder,
                stdout=request.stdout,
                stderr=request.stderr,
            )
        spare = await self._spares.take(choice.binary)
        address = await spare.become(
            Assignment(
                bundle=state.bundle,
                environ=request.environ,
                stdout=request.stdout,
                stderr=request.stderr,
                inspect=inspect,
            )
        )
        if address is not None and self._debugging is not None:
            await self._debugging.attach(
                DebugTarget(
                    environment_id=request.environment_id,
                    title=request.function.entry.name,
                    process_id=spare.process.pid,
                    inspector_url=address,
                    bundle=state.bundle,
                )
            )
        return spare.process

    def affected_by(self, changed: Collection[Path]) -> Collection[str]:
        """Return functions that an edit concerns although they did not load the file.

        A setting of the compiler or of packages can change any build below its folder; a function that did not build may
        do so once any source file is there.
        """
        folders = [path.parent for path in changed if path.name in _SETTINGS]
        sources = any(path.suffix in _SOURCES for path in changed)
        affected: set[str] = set()
        for identity, state in self._functions.items():
            entry = self._root / state.function.entry.file
            if (state.failed and sources) or any(entry.is_relative_to(folder) for folder in folders):
                affected.add(identity)
        return affected

    async def close(self) -> None:
        """End esbuild and the spares."""
        await asyncio.gather(self._esbuild.close(), self._spares.close())

    def _needs_its_own_start(self, environ: Mapping[str, str]) -> bool:
        return any(
            _READ_AT_START.fullmatch(name) and self._spare_environ.get(name) != value
            for name, value in environ.items()
        )

    async def _choose(self, function: DeployedFunction) -> NodeChoice:
        runtime = function.entry.runtime
        choice = self._nodes.chosen(runtime)
        if choice is None:
            choice = await asyncio.to_thread(self._nodes.choose, runtime)
        if choice.notice is not None and runtime not in self._noticed:
            self._noticed.add(runtime)
            self._observer(Notice(at=self._wall_clock(), level="warning", text=choice.notice, fix=choice.fix))
        return choice

    def _own_folder(self, identity: str) -> Path:
        return self._folder / re.sub(r"[^A-Za-z0-9_.-]+", "_", identity)

    def _write(self, state: _Function, output: BuildOutput) -> None:
        made_in = state.folder / "0"
        outputs = {str(Path(name).relative_to(made_in)): data for name, data in output.files.items()}
        if outputs == state.outputs and state.bundle is not None and state.bundle.is_file():
            return
        state.builds += 1
        folder = state.folder / str(state.builds)
        if state.builds == 1:
            # Left over from an earlier session.
            shutil.rmtree(state.folder, ignore_errors=True)
        for name, data in outputs.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        state.outputs = outputs
        state.bundle = folder / f"{OUTPUT_NAME}.mjs"
        if state.builds > _KEPT_BUILDS:
            shutil.rmtree(state.folder / str(state.builds - _KEPT_BUILDS), ignore_errors=True)

    def _paths(self, names: Iterable[str]) -> frozenset[Path]:
        found: set[Path] = set()
        for name in names:
            path = self._resolved.get(name)
            if path is None:
                path = self._resolved[name] = (self._root / name).resolve()
            if path.is_relative_to(self._root):
                found.add(path)
        return frozenset(found)

    def _since(self, started: float) -> float:
        return (self._clock() - started) * 1000


def _named_in(errors: Collection[BuildMessage]) -> list[str]:
    return [error.file for error in errors if error.file is not None]
