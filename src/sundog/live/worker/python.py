"""The runner of Python functions: one zygote per interpreter, workers forked ahead of need."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundog.live.runner import BuildOutcome, StartRequest, WorkerProcess
from sundog.live.variables import VOLATILE, base_variables
from sundog.live.worker.dependencies import DependencyWatcher
from sundog.live.worker.preloading import Knowledge, common_variables, safe_modules
from sundog.live.worker.start_method import StartMethod
from sundog.live.worker.supervisor_link import (
    SupervisedProcess,
    SupervisorLink,
    WorkerNotStarted,
)
from sundog.model.functions import DeployedFunction

SPARES = 3
"""Workers forked ahead per interpreter."""
REFILL_DELAY_SECONDS = 0.04

Variables = Callable[[DeployedFunction], Mapping[str, str]]
ChooseInterpreter = Callable[[DeployedFunction], str]


@dataclass(frozen=True, kw_only=True)
class PythonSettings:
    """What all Python functions of a session have in common."""

    root: Path
    state_dir: Path
    environ: Mapping[str, str]
    start_method: StartMethod = "fork"
    spares: int = SPARES
    runtime_package: Path | None = None
    """Folder of `sundog_runtime`, for interpreters that do not have it."""
    prelude: Path | None = None
    """A file that workers run before they import the handler: a debugger's way in."""


@dataclass(frozen=True, kw_only=True)
class _Spare:
    process: SupervisedProcess
    control: socket.socket


class PythonRunner:
    """Starts workers for Python functions."""

    def __init__(
        self,
        settings: PythonSettings,
        *,
        interpreter: ChooseInterpreter,
        variables: Variables,
        on_dependencies: Callable[[], None],
    ) -> None:
        """Take the settings, what knows a function's interpreter and variables, and who hears of installs."""
        self._on_dependencies = on_dependencies
        self._dependencies = DependencyWatcher(self.dependencies_changed)
        self._settings = settings
        self._interpreter = interpreter
        self._variables = variables
        self._knowledge = Knowledge(settings.state_dir / "preload.json")
        self._zygotes: dict[str, Zygote] = {}
        self._unused: list[Zygote] = []
        self._supervisor: SupervisorLink | None = None
        self._closed = False

    @property
    def settings(self) -> PythonSettings:
        """What all functions have in common."""
        return self._settings

    @property
    def zygotes(self) -> Mapping[str, Zygote]:
        """The zygotes by interpreter."""
        return self._zygotes

    async def prepare(self, functions: Sequence[DeployedFunction]) -> None:
        """Start or renew the zygotes for these functions."""
        environments: dict[str, list[Mapping[str, str]]] = {}
        for function in functions:
            environments.setdefault(self._interpreter(function), []).append(self._variables(function))
        for interpreter in [name for name in self._zygotes if name not in environments]:
            unused = self._zygotes.pop(interpreter)
            unused.close()
            self._unused.append(unused)
        for interpreter, of_functions in environments.items():
            zygote = self._zygotes.get(interpreter)
            if zygote is None:
                zygote = Zygote(interpreter, self._settings, self._knowledge, self._dependencies.add)
                self._zygotes[interpreter] = zygote
            zygote.configure(of_functions)

    async def build(self, function: DeployedFunction) -> BuildOutcome:
        """Return at once: Python runs sources."""
        return BuildOutcome(files=frozenset({(self._settings.root / function.entry.file).resolve()}))

    async def start(self, request: StartRequest) -> WorkerProcess:
        """Give a function to a spare worker."""
        entry = request.function.entry
        zygote = self._zygotes[self._interpreter(request.function)]
        assignment = {
            "environ": dict(request.environ),
            "source": str((self._settings.root / entry.source).resolve()),
            "handler": entry.lambda_handler,
        }
        return await zygote.assign(assignment, [request.stdout, request.stderr])

    def affected_by(self, changed: Collection[Path]) -> Collection[str]:
        """Return nothing: workers report all that they load."""
        del changed
        return ()

    def loaded(
        self,
        function: DeployedFunction,
        modules: Sequence[str],
        reads: Mapping[str, Sequence[str]],
        threads: Sequence[str],
        sdk_files: Sequence[str],
    ) -> None:
        """Learn from a worker's report which modules its kind needs, and what the AWS SDK reads for it."""
        zygote = self._zygotes.get(self._interpreter(function))
        if zygote is not None:
            zygote.learn(modules, reads, threads, sdk_files)

    async def spawn(
        self, argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, stdout: int, stderr: int
    ) -> WorkerProcess:
        """Start any program under a supervisor of its own, which outlives no session.

        Raises:
            WorkerNotStarted: It could not be started, or the session ends.
        """
        if self._closed:
            raise WorkerNotStarted("a worker process cannot be started", why="the session ends")
        if self._supervisor is None or not self._supervisor.alive:
            self._supervisor = SupervisorLink(
                sys.executable,
                environ=base_variables(self._settings.environ),
                start_method="spawn",
                log_file=self._settings.state_dir / "workers.log",
                on_preloaded=lambda _: None,
                on_lost=lambda: None,
            )
            self._supervisor.start()
        return await self._supervisor.spawn(argv, environ=environ, cwd=cwd, stdout=stdout, stderr=stderr)

    def dependencies_changed(self) -> None:
        """Start anew with what is installed now."""
        for zygote in self._zygotes.values():
            zygote.renew()
        self._on_dependencies()

    async def close(self) -> None:
        """End all zygotes and workers."""
        self._closed = True
        await self._dependencies.close()
        for zygote in self._zygotes.values():
            zygote.close()
        if self._supervisor is not None:
            self._supervisor.close()
            await self._supervisor.closed()
        for zygote in (*self._unused, *self._zygotes.values()):
            await zygote.closed()


class Zygote:
    """The zygote of one interpreter through its restarts, with its spares."""

    def __init__(
        self,
        interpreter: str,
        settings: PythonSettings,
        knowledge: Knowledge,
        on_folders: Callable[[Sequence[str]], None],
    ) -> None:
        """Describe it; `configure` starts it."""
        self._on_folders = on_folders
        self._interpreter = interpreter
        self._settings = settings
        self._knowledge = knowledge
        self._environments: list[Mapping[str, str]] = []
        self._link: SupervisorLink | None = None
        self._retired: list[SupervisorLink] = []
        self._preloaded: list[str] = []
        self._sdk_files: list[str] = []
        self._spares: deque[_Spare] = deque()
        self._spares_dropped = 0
        self._refill: asyncio.Task[None] | None = None
        self._preloading = False
        self._failures = 0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Process id of the current zygote."""
        return None if self._link is None else self._link.pid

    @property
    def preloaded(self) -> tuple[str, ...]:
        """Modules that workers forked from now on have already."""
        return () if self._preloading else tuple(self._preloaded)

    @property
    def sdk_files(self) -> tuple[str, ...]:
        """Files of the AWS SDK that workers forked from now on find parsed."""
        return () if self._preloading else tuple(self._sdk_files)

    def configure(self, environments: Sequence[Mapping[str, str]]) -> None:
        """Take the variables of all functions; start, or start anew when it matters to imported modules."""
        before = common_variables(self._environments)
        self._environments = list(environments)
        if self._link is None or common_variables(self._environments) != before:
            self.renew()

    def renew(self) -> None:
        """Replace the process: workers of the old one finish what they do."""
        if self._link is not None:
            self._drop_spares()
            self._link.retire()
            self._retired = [link for link in (*self._retired, self._link) if link.running]
        self._start()

    def learn(
        self,
        modules: Sequence[str],
        reads: Mapping[str, Sequence[str]],
        threads: Sequence[str],
        sdk_files: Sequence[str],
    ) -> None:
        """Take a worker's report; preload what is new and safe."""
        told = self._knowledge.learn(
            self._interpreter, modules=modules, reads=reads, threads=threads, sdk_files=sdk_files
        )
        if told:
            self._preload()

    async def assign(self, assignment: Mapping[str, Any], descriptors: list[int]) -> WorkerProcess:
        """Turn a spare into an environment."""
        data = json.dumps(assignment).encode()
        message = struct.pack("!I", len(data)) + data
        while True:
            spare = self._spares.popleft() if self._spares else await self._new_spare()
            try:
                sent = socket.send_fds(spare.control, [message], descriptors)
                if sent < len(message):
                    spare.control.sendall(message[sent:])
            except OSError:
                # It ended while it waited; the next one may live.
                continue
            finally:
                spare.control.close()
            self._keep_spares()
            return spare.process

    def close(self) -> None:
        """End it with everything it started."""
        self._closed = True
        if self._refill is not None:
            self._refill.cancel()
        self._drop_spares()
        for link in (*self._retired, *([self._link] if self._link else [])):
            link.close()

    async def closed(self) -> None:
        """Wait for the end of its processes."""
        for link in (*self._retired, *([self._link] if self._link else [])):
            await link.closed()

    def _start(self) -> None:
        settings = self._settings
        common = common_variables(self._environments)
        environ = {**base_variables(self._settings.environ), **common}
        self._preloaded = []
        self._sdk_files = []
        self._preloading = False
        link = SupervisorLink(
            self._interpreter,
            environ=environ,
            start_method=settings.start_method,
            worker_options={
                "root": str(settings.root),
                "runtime_package": None
                if settings.runtime_package is None
                else str(settings.runtime_package),
                "prelude": None if settings.prelude is None else str(settings.prelude),
            },
            log_file=self._settings.state_dir / "workers.log",
            on_preloaded=lambda report: self._preload_done(link, report),
            on_lost=lambda: self._lost(link),
        )
        link.start()
        self._link = link
        # Asked although there may be nothing to import: the report says where packages are installed.
        self._preload(first=True)
        self._keep_spares()

    def _lost(self, link: SupervisorLink) -> None:
        if self._closed or link is not self._link:
            return
        self._drop_spares()
        self._retired.append(link)
        self._link = None
        self._failures += 1
        if self._failures <= 5:
            self._start()

    def _preload(self, *, first: bool = False) -> None:
        if self._preloading or self._link is None:
            return
        facts = self._knowledge.facts(self._interpreter)
        wanted = safe_modules(facts, self._environments, VOLATILE)
        new = [name for name in wanted if name not in self._preloaded]
        files = [name for name in facts.sdk_files if name not in self._sdk_files]
        if new or files or first:
            self._preloading = True
            self._link.preload(new, files)
            self._preloaded += new
            self._sdk_files += files

    def _preload_done(self, link: SupervisorLink, report: dict[str, Any]) -> None:
        if link is not self._link:
            return
        self._preloading = False
        self._on_folders(report["folders"])
        threads = [*report["threads"], *([report["threaded"]] if report["threaded"] else [])]
        self._knowledge.learn(self._interpreter, modules=(), reads=report["reads"], threads=threads)
        safe = set(safe_modules(self._knowledge.facts(self._interpreter), self._environments, VOLATILE))
        if not safe.issuperset(report["modules"]):
            # It has imported what only a worker may: start anew without.
            self.renew()
            return
        self._drop_spares()
        self._keep_spares()
        self._preload()

    def _keep_spares(self) -> None:
        if self._closed or (self._refill is not None and not self._refill.done()):
            return
        self._refill = asyncio.get_running_loop().create_task(self._fill())

    async def _fill(self) -> None:
        # A fork keeps both cores busy for some milliseconds: not while the worker just assigned gets ready.
        await asyncio.sleep(REFILL_DELAY_SECONDS)
        while len(self._spares) < self._settings.spares and not self._closed:
            dropped = self._spares_dropped
            try:
                spare = await self._new_spare()
            except WorkerNotStarted:
                # Whoever needs a worker will try again and report it.
                return
            if dropped != self._spares_dropped:
                # Those forked before it are of no use any more, for a reason that holds for it as well.
                spare.control.close()
                continue
            self._spares.append(spare)

    async def _new_spare(self) -> _Spare:
        if self._link is None or not self._link.alive:
            self._start()
        assert self._link is not None  # noqa: S101 - tells the type checker
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                process = await self._link.spare(theirs.fileno())
            except BaseException:
                ours.close()
                raise
        self._failures = 0
        return _Spare(process=process, control=ours)

    def _drop_spares(self) -> None:
        self._spares_dropped += 1
        while self._spares:
            # Its end of the socket tells the spare that nobody will need it.
            self._spares.popleft().control.close()


def runtime_package_folder() -> Path | None:
    """Return the folder of `sundog_runtime` beside this installation."""
    from importlib.util import find_spec

    spec = find_spec("sundog_runtime")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent
