"""The live session: all functions of a stage, run from source on this machine.

It knows nothing of where events come from: a transport hands it an `Invocation` and gives the result back. It knows
nothing of infrastructure: the outer session tells it which functions there are.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from pathlib import Path
from typing import Self

import msgspec

from sundog.errors import LiveError, suggestion
from sundog.live import faults
from sundog.live.bridge.direct import DirectBridge
from sundog.live.credentials import RoleCredentials
from sundog.live.environment import Environment, LoadedReport, Services
from sundog.live.graph import ImportGraph
from sundog.live.interpreter import InterpreterChooser
from sundog.live.invoking import Call
from sundog.live.options import LiveOptions
from sundog.live.own_events import OwnEvents
from sundog.live.pool import Pool
from sundog.live.runner import Runner, Spawn
from sundog.live.runtime_api.credentials import CredentialsEndpoint
from sundog.live.runtime_api.machine import MAX_PAYLOAD_BYTES
from sundog.live.task_root import TaskRoot, task_root
from sundog.live.variables import function_variables
from sundog.live.watch import Ignore, Watcher
from sundog.live.worker.python import PythonRunner, PythonSettings, runtime_package_folder
from sundog.live.worker.start_method import StartMethod, choose_start_method
from sundog.model.events import FilesChanged, Notice, Observer
from sundog.model.functions import CredentialsSource, DeployedFunction, Invocation, InvocationResult
from sundog.model.project import Project, Stage

IDLE_LOOK_SECONDS = 30.0
MAX_IDLE_ENVIRONMENTS = 32
"""Idle environments of all functions together that are kept for their ten minutes."""
MAX_EAGER_STARTS = 8
"""Functions that have never run and are started only because their source file was saved."""

FilesChangedHook = Callable[[Sequence[Path]], None]
FindFunction = Callable[[str], Awaitable[DeployedFunction | None]]


class UnknownFunction(LiveError):
    """An event came for a function that the session does not run.

    It happens while a deployment adds or removes functions, and when the deployed app is not the one in this folder.
    """

    code = "SD-LIVE-001"


class UnknownLanguage(LiveError):
    """A function's runtime belongs to a language that the session has no worker for."""

    code = "SD-LIVE-002"


class LiveSession:
    """See the module. Use as an async context manager."""

    def __init__(
        self,
        project: Project,
        stage: Stage,
        *,
        observer: Observer,
        credentials: CredentialsSource,
        endpoint_url: str | None,
        options: LiveOptions | None = None,
    ) -> None:
        """Describe a session.

        Args:
            project: Where the sources are.
            stage: Whose functions they are.
            observer: Told of all that happens.
            credentials: Gives credentials of functions' roles.
            endpoint_url: Where workers find AWS; None for AWS itself.
            options: How to run functions.
        """
        self.project = project
        self.stage = stage
        self.options = options or LiveOptions()
        self.token = secrets.token_urlsafe(32)
        self.files_changed: FilesChangedHook | None = None
        """Called with every burst of edits, after the functions concerned have been replaced."""
        self.find_function: FindFunction | None = None
        """Asked for a function that the session does not know yet: an event may come while it is being deployed."""
        self._finding = asyncio.Lock()
        self._forgotten: set[str] = set()
        self._observer = observer
        self._root = project.root.resolve()
        self._credentials = credentials
        self._endpoint_url = endpoint_url
        self._graph = ImportGraph()
        self._pools: dict[str, Pool] = {}
        self._by_name: dict[str, Pool] = {}
        self._roles: dict[str, RoleCredentials] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._own_events = OwnEvents()
        self._interpreters = InterpreterChooser(project, self._notice, environ=self.options.environ)
        self._python = self._make_python()
        self._runners: dict[str, Runner] = {"python": self._python}
        self._runners |= {name: make(self) for name, make in self.options.runners.items()}
        self._direct = DirectBridge(self.invoke, self.token)
        self._watcher = Watcher(self._root, Ignore(self._root, project.settings.ignore), self._on_changed)
        self._idle_task: asyncio.Task[None] | None = None

    @property
    def direct_url(self) -> str:
        """Where the embedded cloud posts events."""
        return self._direct.url

    @property
    def python(self) -> PythonRunner:
        """The runner of Python functions."""
        return self._python

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The environments by function."""
        return tuple(self._pools.values())

    @property
    def spawn(self) -> Spawn:
        """Starts programs that cannot outlive the session."""
        return self._python.spawn

    @property
    def state_dir(self) -> Path:
        """The stage's folder below `.sundog`."""
        return self.project.stage_dir(self.stage.name)

    @property
    def root(self) -> Path:
        """The project's folder, links resolved."""
        return self._root

    @property
    def environments(self) -> tuple[Environment, ...]:
        """All execution environments that have not ended."""
        return tuple(one for pool in self._pools.values() for one in pool.environments)

    async def __aenter__(self) -> Self:
        """Begin to serve."""
        await self._direct.start(self.options.direct_port)
        if self.options.watch:
            self._watcher.start()
        self._idle_task = asyncio.create_task(self._end_idle())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End every process."""
        if self._idle_task is not None:
            self._idle_task.cancel()
        self._direct.close()
        await self._watcher.close()
        for pool in self._pools.values():
            pool.close("shutdown")
        # Python's last: it starts and ends the processes of the others.
        for runner in reversed(self._runners.values()):
            await runner.close()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=5)

    async def set_functions(self, functions: Sequence[DeployedFunction]) -> None:
        """Serve exactly these functions; environments of those that are as before stay.

        Raises:
            UnknownLanguage: A function's language has no runner.
        """
        self._forgotten.clear()
        await self._serve(functions)

    async def _serve(self, functions: Sequence[DeployedFunction]) -> None:
        wanted = {function.entry.id: function for function in functions}
        for function in functions:
            self._runner(function)
        for identity in [identity for identity in self._pools if identity not in wanted]:
            self._pools.pop(identity).close("removed")
            self._graph.forget(identity)
        for language, runner in self._runners.items():
            of_language = [function for function in functions if function.entry.language == language]
            await runner.prepare(of_language)
        for identity, function in wanted.items():
            self._set_function(identity, function)
        self._name_pools()

    def _name_pools(self) -> None:
        known = [pool for identity, pool in self._pools.items() if identity not in self._forgotten]
        self._by_name = {pool.function.physical_name: pool for pool in known}

    async def invoke(self, invocation: Invocation) -> InvocationResult:
        """Run one event.

        Raises:
            UnknownFunction: The session does not run the function.
        """
        if (own := self._own_events.answer(invocation.payload, self._pools.values())) is not None:
            return own
        if invocation.physical_name not in self._by_name and not await self.has(invocation.physical_name):
            raise self._unknown(invocation.physical_name)
        pool = self._by_name[invocation.physical_name]
        if len(invocation.payload) > MAX_PAYLOAD_BYTES:
            body = faults.request_too_large(MAX_PAYLOAD_BYTES)
            return InvocationResult(payload=body, function_error="Unhandled")
        call = Call(
            invocation,
            pool.function,
            observer=self._observer,
            root=self._root,
            enforce_memory=self.options.enforce_memory,
            clean_log=self.options.clean_log,
        )
        if self._own_events.was_cancelled(invocation.request_id):
            call.cancel()
            return await call.result
        return await pool.invoke(call)

    def forget(self, functions: Collection[str]) -> None:
        """Ask again about functions, by id, at their next event: what is known of them is about to change."""
        self._forgotten.update(functions)
        self._name_pools()

    async def has(self, name: str) -> bool:
        """Say whether the session runs the function with a physical name, and look for it when it may be new."""
        async with self._finding:
            find = None if name in self._by_name else self.find_function
            if find is not None and (function := await find(name)) is not None:
                self._forgotten.discard(function.entry.id)
                await self._serve([*(pool.function for pool in self._pools.values()), function])
        return name in self._by_name

    def changed(self, paths: frozenset[Path], noticed: float | None = None) -> None:
        """Act on an edit; the watcher calls this, and whoever changes files itself may."""
        self._on_changed(paths, time.perf_counter() if noticed is None else noticed)

    def variables(self, function: DeployedFunction) -> dict[str, str]:
        """Return what all environments of a function have in their environment."""
        found = function_variables(
            function,
            root=self._root,
            region=self.stage.region,
            stage=self.stage.name,
            app=self.project.settings.name,
            endpoint_url=self._endpoint_url,
            environ=self.options.environ,
        )
        made = self._task_root(function)
        return found if made is None else {**found, "LAMBDA_TASK_ROOT": str(made.folder)}

    def _task_root(self, function: DeployedFunction) -> TaskRoot | None:
        folder = self.state_dir / "task"
        return task_root(function, root=self._root, folder=folder, environ=self.options.environ)

    def _set_function(self, identity: str, function: DeployedFunction) -> None:
        existing = self._pools.get(identity)
        if existing is not None and _as_run(existing.function) == _as_run(function):
            existing.function = function
            return
        roles = RoleCredentials(self._credentials, function)
        pool = Pool(
            function,
            runner=self._runner(function),
            services=Services(root=self._root, observer=self._observer),
            variables=self.variables(function),
            task_root=self._task_root(function),
            credentials=CredentialsEndpoint(roles.fetch),
            max_environments=self.options.max_environments,
            start_task=self._start_environment,
            on_loaded=self._on_loaded,
        )
        self._pools[identity] = pool
        if existing is not None:
            pool.take_over(existing)
        if not self._graph.files(identity):
            self._graph.learn(identity, {(self._root / function.entry.file).resolve(): ""})

    def _runner(self, function: DeployedFunction) -> Runner:
        language = function.entry.language
        runner = self._runners.get(language)
        if runner is None:
            known = ", ".join(sorted(self._runners))
            raise UnknownLanguage(
                f"`{function.entry.runtime}` of the function `{function.entry.name}` cannot run in a live session",
                why=f"the languages that can are {known}",
                fix="deploy the function with `sundog deploy` to try it",
            )
        return runner

    def _unknown(self, name: str) -> UnknownFunction:
        close = suggestion(name, self._by_name)
        return UnknownFunction(
            f"no function `{name}` runs in this session",
            why=f"the closest is `{close}`" if close else None,
            fix="run `sundog dev` in the folder of the app that was deployed",
        )

    def _make_python(self) -> PythonRunner:
        options = self.options
        method: StartMethod = options.start_method or choose_start_method(options.environ)
        settings = PythonSettings(
            root=self._root,
            state_dir=self.state_dir,
            environ=options.environ,
            start_method=method,
            spares=options.spares,
            runtime_package=runtime_package_folder(),
            prelude=options.prelude,
        )
        return PythonRunner(
            settings,
            interpreter=self._interpreters.choose,
            variables=self.variables,
            on_dependencies=self._on_dependencies,
        )

    def _start_environment(self, environment: Environment) -> None:
        task = asyncio.create_task(environment.run(), name=f"environment {environment.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_loaded(self, function: DeployedFunction, report: LoadedReport) -> None:
        self._graph.learn(function.entry.id, {Path(path): digest for path, digest in report.files.items()})
        if function.entry.language == "python":
            self._python.loaded(function, report.modules, report.reads, report.threads, report.sdk_files)

    def _on_changed(self, paths: frozenset[Path], noticed: float) -> None:
        changed = self._graph.really_changed({path.resolve() for path in paths} | paths)
        if not changed:
            return
        concerned = set(self._graph.functions_of(changed))
        for runner in self._runners.values():
            concerned.update(runner.affected_by(changed))
        eager = 0
        for identity, pool in self._pools.items():
            start = pool.failed
            if identity in concerned and not pool.environments:
                eager += 1
                start = start or pool.ever_started or eager <= MAX_EAGER_STARTS
            if identity in concerned or start or pool.concerns(changed):
                pool.edited(changed, noticed, start=start)
        self._observer(
            FilesChanged(
                at=time.time(),
                files=sorted({self.project.relative(path) for path in self._graph.worth_naming(changed)}),
                functions=sorted(concerned),
            )
        )
        if self.files_changed is not None:
            self.files_changed(changed)

    def _on_dependencies(self) -> None:
        for pool in self._pools.values():
            if pool.function.entry.language == "python":
                pool.renew()
        text = "installed packages changed: Python functions start anew"
        self._observer(Notice(at=time.time(), level="info", text=text))

    async def _end_idle(self) -> None:
        while True:
            await asyncio.sleep(IDLE_LOOK_SECONDS)
            for pool in self._pools.values():
                pool.end_idle(time.monotonic())
            self._end_least_used()

    def _end_least_used(self) -> None:
        # Each costs some megabytes; starting one again costs some milliseconds.
        now = time.monotonic()
        idle = [
            (pool, one) for pool in self._pools.values() for one in pool.environments if one.state == "idle"
        ]
        idle.sort(key=lambda pair: pair[1].idle_since)
        for pool, environment in idle[: max(0, len(idle) - MAX_IDLE_ENVIRONMENTS)]:
            if now - environment.idle_since > IDLE_LOOK_SECONDS:
                pool.end(environment)

    def _notice(self, text: str, fix: str | None) -> None:
        self._observer(Notice(at=time.time(), level="warning", text=text, fix=fix))


def _as_run(function: DeployedFunction) -> DeployedFunction:
    # What environments depend on: not the line that declares the function, nor who invokes it.
    entry = msgspec.structs.replace(function.entry, place=None, asset_hash=None, triggers=[], bindings=[])
    return msgspec.structs.replace(function, entry=entry)
