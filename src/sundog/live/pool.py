"""All execution environments of one function.

Requests take a free environment, or wait for one that is being started for them or becomes free first. An edit retires
every environment that loaded a changed file: it finishes what it does, takes nothing new, and a new one is started at
once. Requests that come after the edit was noticed therefore never run older code.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from sundog.errors import SundogError
from sundog.live import faults
from sundog.live.environment import End, Environment, LoadedReport, Reason, Services
from sundog.live.graph import file_digest
from sundog.live.invoking import Call, InitFailure
from sundog.live.runner import BuildOutcome, Runner
from sundog.live.runtime_api.credentials import CredentialsEndpoint
from sundog.live.task_root import TaskRoot
from sundog.model.events import EnvironmentReady, EnvironmentStopped, FunctionError, InitFailed
from sundog.model.functions import DeployedFunction, InvocationResult

MAX_STARTING = 4
"""Environments of one function that initialise at the same time."""
IDLE_SECONDS = 600.0
STOP_DELAY_SECONDS = 0.04
PATIENCE_SECONDS = 0.03

StartTask = Callable[[Environment], None]
Loaded = Callable[[DeployedFunction, LoadedReport], None]


class Pool:
    """See the module."""

    def __init__(
        self,
        function: DeployedFunction,
        *,
        runner: Runner,
        services: Services,
        variables: Mapping[str, str],
        task_root: TaskRoot | None,
        credentials: CredentialsEndpoint,
        max_environments: int,
        start_task: StartTask,
        on_loaded: Loaded,
    ) -> None:
        """Describe the pool; it starts environments when they are asked for."""
        self.function = function
        self.variables = variables
        self._runner = runner
        self._task_root = task_root
        self._services = services
        self._credentials = credentials
        self._max_environments = max_environments
        self._start_task = start_task
        self._on_loaded = on_loaded
        self._environments: list[Environment] = []
        self._waiting: deque[Call] = deque()
        self._in_flight = 0
        self._build: asyncio.Task[BuildOutcome] | None = None
        self._starting = 0
        """Environments that are to exist but wait for the build."""
        self._edited_at: float | None = None
        self._closed = False
        self.failed = False
        """Whether the last start did not reach the handler."""
        self.ever_started = False

    @property
    def environments(self) -> tuple[Environment, ...]:
        """All environments that have not ended."""
        return tuple(self._environments)

    @property
    def calls(self) -> list[Call]:
        """All invocations that wait or run."""
        running = [environment.call for environment in self._environments if environment.call is not None]
        return [*self._waiting, *running]

    async def invoke(self, call: Call) -> InvocationResult:
        """Run an invocation to its end."""
        reserved = self.function.reserved_concurrency
        if reserved is not None and self._in_flight >= reserved:
            return throttled()
        self._in_flight += 1
        try:
            idle = self._idle_environment()
            if idle is not None:
                idle.invoke(call)
            else:
                self._waiting.append(call)
                self._scale()
            # A caller that goes away does not stop the handler, as on Lambda.
            return await asyncio.shield(call.result)
        finally:
            self._in_flight -= 1
            if call in self._waiting:
                self._waiting.remove(call)

    def concerns(self, paths: Collection[Path]) -> bool:
        """Say whether an edit of these files changes what the function does."""
        changed = frozenset(paths)
        return any(
            not changed.isdisjoint(environment.files) or environment.state == "starting"
            for environment in self._environments
        )

    def edited(self, paths: Collection[Path], noticed: float, *, start: bool) -> None:
        """Replace what an edit concerns.

        Args:
            paths: Files whose content changed.
            noticed: Time of the notice on the performance counter.
            start: Start an environment although none is concerned: the function could not be started before, or its
                own source was edited.
        """
        changed = {path: file_digest(path) for path in paths}
        replace = start
        self._build = None
        self._edited_at = noticed
        for environment in list(self._environments):
            if environment.state == "starting" and not environment.loaded:
                environment.changed_meanwhile |= changed.keys()
                environment.edited_at = noticed
                replace = False
            elif any(_loaded_other(environment, path, digest) for path, digest in changed.items()):
                self._retire(environment, "edit")
                replace = True
        if replace and self._starting_count() == 0:
            self._start("edit")

    def take_over(self, former: Pool) -> None:
        """Stand in for a pool of the same function with other settings: its waiting requests move here."""
        self._waiting, former._waiting = former._waiting, self._waiting
        had = bool(former.environments)
        former.drain()
        if had or self._waiting:
            self._start("edit")

    def renew(self) -> None:
        """Replace every environment: what the function needs from outside the project has changed."""
        had = bool(self._environments) or self.failed
        for environment in list(self._environments):
            self._retire(environment, "edit")
        self._edited_at = None
        if had:
            self._start("edit")

    def drain(self) -> None:
        """Let environments finish what they do and start no more."""
        self._closed = True
        for environment in list(self._environments):
            self._retire(environment, "edit")

    def end_idle(self, now: float, seconds: float = IDLE_SECONDS) -> None:
        """End environments that nobody has needed for a while."""
        for environment in list(self._environments):
            if environment.state == "idle" and now - environment.idle_since > seconds:
                self._retire(environment, "idle")

    def end(self, environment: Environment) -> None:
        """End an environment that nobody needs now."""
        self._retire(environment, "idle")

    def close(self, reason: End) -> None:
        """End everything."""
        self._closed = True
        for environment in list(self._environments):
            environment.kill(reason)

    def environment_loaded(self, environment: Environment, report: LoadedReport) -> None:
        """Take a worker's report of its files."""
        del environment
        self._on_loaded(self.function, report)

    def environment_ready(self, environment: Environment) -> None:
        """Use a new environment, unless what it runs has been edited meanwhile."""
        if environment.retiring is not None:
            return
        if self._is_stale(environment):
            self._retire(environment, "edit")
            if self._starting_count() == 0:
                self._start("edit", environment.edited_at)
            return
        self.failed = False
        since = environment.edited_at
        self._services.observer(
            EnvironmentReady(
                at=time.time(),
                function=self.function.entry.id,
                environment=environment.id,
                reason=environment.reason,
                init_ms=environment.init_ms,
                since_edit_ms=None if since is None else (time.perf_counter() - since) * 1000,
            )
        )
        self._offer(environment, cold=True)
        self._scale()

    def environment_free(self, environment: Environment) -> None:
        """Use an environment again."""
        if environment.retiring is not None:
            environment.stop(environment.retiring)
        else:
            self._offer(environment, cold=False)

    def environment_failed(self, environment: Environment, failure: InitFailure) -> None:
        """Answer all who wait, unless the failure is already out of date."""
        if self._is_stale(environment) or environment.retiring is not None:
            self._forget(environment)
            if self._starting_count() == 0:
                self._start("edit", environment.edited_at)
            return
        self._forget(environment)
        self._fail(failure)

    def environment_ended(self, environment: Environment, reason: End, status: int | None) -> None:
        """Forget an environment; start another for those who wait."""
        self._forget(environment)
        self._services.observer(
            EnvironmentStopped(
                at=time.time(),
                function=self.function.entry.id,
                environment=environment.id,
                reason=reason,
                exit_status=status,
            )
        )
        self._scale()

    def _idle_environment(self) -> Environment | None:
        idle = [environment for environment in self._environments if _usable(environment)]
        # The one used last: its memory is warm, and the others can go when nobody needs them.
        return max(idle, key=lambda environment: environment.idle_since, default=None)

    def _offer(self, environment: Environment, *, cold: bool) -> None:
        while self._waiting:
            call = self._waiting.popleft()
            if call.done:
                continue
            call.cold = cold
            environment.invoke(call)
            return

    def _scale(self) -> None:
        if self._closed or not self._waiting:
            return
        # These have answered and will ask for the next event within a moment: no need for another process.
        finishing = sum(one.finishing for one in self._environments)
        if finishing:
            asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._scale)
        count = len([environment for environment in self._environments if environment.retiring is None])
        room = self._max_environments - count - self._starting
        overdue = sum(time.monotonic() - call.queued_at >= PATIENCE_SECONDS for call in self._waiting)
        wanted = min(max(len(self._waiting) - finishing, overdue), MAX_STARTING) - self._starting_count()
        for _ in range(min(room, wanted)):
            self._start("scale" if self.ever_started else "start")

    def _starting_count(self) -> int:
        initialising = [one for one in self._environments if one.state == "starting" and one.retiring is None]
        return self._starting + len(initialising)

    def _start(self, reason: Reason, edited_at: float | None = None) -> None:
        if self._closed:
            return
        edited_at = edited_at or (self._edited_at if reason == "edit" else None)
        self.ever_started = True
        if (
            self._build is not None
            and self._build.done()
            and not self._build.cancelled()
            and self._build.exception() is None
        ):
            self._start_built(self._build.result(), reason, edited_at)
            return
        if self._build is None:
            self._build = asyncio.create_task(self._build_function())
        self._starting += 1
        build = self._build
        build.add_done_callback(lambda _: self._built(build, reason, edited_at))

    async def _build_function(self) -> BuildOutcome:
        async def build() -> BuildOutcome:
            return await self._runner.build(self.function)

        return await build() if self._task_root is None else await self._task_root.built(build)

    def _built(self, build: asyncio.Task[BuildOutcome], reason: Reason, edited_at: float | None) -> None:
        self._starting -= 1
        if build.cancelled() or self._closed:
            return
        if build is not self._build:
            # Another edit came while this one was built.
            if self._starting_count() == 0:
                self._start(reason, self._edited_at)
            return
        failure = build.exception()
        if failure is not None:
            self._build = None
            self._fail(_build_failure(failure))
            return
        self._start_built(build.result(), reason, edited_at)

    def _start_built(self, outcome: BuildOutcome, reason: Reason, edited_at: float | None) -> None:
        if outcome.error is not None:
            self._build = None
            self._on_build_failed(outcome)
            return
        environment = Environment(
            self.function,
            runner=self._runner,
            owner=self,
            services=self._services,
            variables=self.variables,
            credentials=self._credentials,
            build=outcome,
            reason=reason,
        )
        environment.edited_at = edited_at
        self._environments.append(environment)
        self._start_task(environment)

    def _on_build_failed(self, outcome: BuildOutcome) -> None:
        error = outcome.error
        assert error is not None  # noqa: S101 - tells the type checker
        self._on_loaded(self.function, LoadedReport(files={str(path): "" for path in outcome.files}))
        body = faults.error_with_trace(error.error_type, error.message, error.frames)
        self._fail(InitFailure(body=body, error=error, lines=(), init_ms=outcome.duration_ms))

    def _fail(self, failure: InitFailure) -> None:
        self.failed = True
        self._services.observer(
            InitFailed(
                at=time.time(),
                function=self.function.entry.id,
                environment=failure.environment,
                error=failure.error,
            )
        )
        while self._waiting:
            self._waiting.popleft().failed_to_initialise(failure)

    def _retire(self, environment: Environment, reason: End) -> None:
        if environment.retiring is not None:
            return
        environment.retiring = reason
        if environment.state != "busy":
            # Ending a process costs time that the one which takes its place needs more.
            asyncio.get_running_loop().call_later(STOP_DELAY_SECONDS, environment.stop, reason)

    def _forget(self, environment: Environment) -> None:
        if environment in self._environments:
            self._environments.remove(environment)

    def _is_stale(self, environment: Environment) -> bool:
        meanwhile = environment.changed_meanwhile
        return any(_loaded_other(environment, path, file_digest(path)) for path in meanwhile)


def _loaded_other(environment: Environment, path: Path, digest: str | None) -> bool:
    loaded = environment.files.get(path)
    return loaded is not None and (not loaded or loaded != digest)


def _usable(environment: Environment) -> bool:
    return environment.state == "idle" and environment.retiring is None


def _build_failure(failure: BaseException) -> InitFailure:
    what = failure.what if isinstance(failure, SundogError) else f"{type(failure).__name__}: {failure}"
    error = FunctionError(error_type="Sundog.BuildFailed", message=what)
    return InitFailure(
        body=faults.error_body(error.error_type, error.message), error=error, lines=(), init_ms=0.0
    )


def throttled() -> InvocationResult:
    """Return what a caller gets when a function's reserved concurrency is used up."""
    body = faults.throttled_body()
    return InvocationResult(payload=body, throttled=True)
