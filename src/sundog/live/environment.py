"""One execution environment: a process, its Runtime API, its output, one invocation at a time.

It initialises, serves, and ends; it never comes back. Its pool decides when each of these happens and is told of each
through `EnvironmentOwner`.
"""

from __future__ import annotations

import asyncio
import signal
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import msgspec

from sundog.errors import LiveError
from sundog.live import faults
from sundog.live.capture import OutputCapture
from sundog.live.deadline import Deadline
from sundog.live.invoking import Call, InitFailure
from sundog.live.runner import BuildOutcome, Runner, StartRequest, WorkerProcess
from sundog.live.runtime_api.credentials import CredentialsEndpoint
from sundog.live.runtime_api.machine import Answered, Fact, Free, InitFailed, Ready
from sundog.live.runtime_api.server import Event, RuntimeApi
from sundog.model.events import FunctionError, LogWritten, Observer, Stream
from sundog.model.functions import DeployedFunction

INIT_LIMIT_SECONDS = 10.0
"""What Lambda gives the INIT phase, beside the function's own timeout."""
GRACE_SECONDS = 0.5
"""Between SIGTERM and SIGKILL."""

Reason: TypeAlias = Literal["start", "edit", "scale", "crash"]
End: TypeAlias = Literal["edit", "idle", "crash", "timeout", "shutdown", "removed"]
State: TypeAlias = Literal["starting", "idle", "busy", "ended"]


class LoadedReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says that it has loaded."""

    files: dict[str, str] = {}
    """Digests of project files by path; empty where the worker cannot know."""
    modules: list[str] = []
    reads: dict[str, list[str]] = {}
    threads: list[str] = []
    sdk_files: list[str] = []
    """What its AWS SDK read to make clients; see `worker/child/sdk_data.py`."""


class EnvironmentOwner(Protocol):
    """Who is told what an environment does."""

    def environment_loaded(self, environment: Environment, report: LoadedReport) -> None:
        """It reported files."""

    def environment_ready(self, environment: Environment) -> None:
        """It has initialised."""

    def environment_free(self, environment: Environment) -> None:
        """It has finished an invocation."""

    def environment_failed(self, environment: Environment, failure: InitFailure) -> None:
        """It could not initialise."""

    def environment_ended(self, environment: Environment, reason: End, status: int | None) -> None:
        """Its process is gone."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """What all environments of a session use."""

    root: Path
    observer: Observer
    wall_clock: object = time.time
    enforce_memory: bool = True


class Environment:
    """See the module."""

    def __init__(
        self,
        function: DeployedFunction,
        *,
        runner: Runner,
        owner: EnvironmentOwner,
        services: Services,
        variables: Mapping[str, str],
        credentials: CredentialsEndpoint,
        build: BuildOutcome,
        reason: Reason,
    ) -> None:
        """Describe it; `run` starts it."""
        self.id = uuid.uuid4().hex[:12]
        self.function = function
        self.reason = reason
        self.state: State = "starting"
        self.retiring: End | None = None
        self.init_ms = 0.0
        self.edited_at: float | None = None
        self.idle_since = 0.0
        self.files: dict[Path, str] = dict.fromkeys(build.files, "")
        self.loaded = False
        """Whether the worker has reported its files."""
        self.changed_meanwhile: set[Path] = set()
        """Files that changed while it initialised."""
        self.init_lines: list[str] = []
        self.process: WorkerProcess | None = None
        self._runner = runner
        self._owner = owner
        self._services = services
        self._variables = variables
        self._credentials = credentials
        self._call: Call | None = None
        self._last_request: str | None = None
        self._end_reason: End | None = None
        self._init_failed = False
        self._stopping: asyncio.Task[None] | None = None
        self.init_deadline = Deadline(INIT_LIMIT_SECONDS + function.entry.timeout_seconds)
        self._started_at = time.perf_counter()
        self._api = RuntimeApi(
            on_fact=self._on_fact,
            on_loaded=self._on_loaded,
            credentials=credentials,
            describe=self._describe,
        )
        self._capture: OutputCapture | None = None
        day = datetime.now(UTC).strftime("%Y/%m/%d")
        self.log_stream = f"{day}/[{function.version}]{uuid.uuid4().hex}"

    @property
    def call(self) -> Call | None:
        """The invocation that it works on."""
        return self._call

    @property
    def finishing(self) -> bool:
        """Whether its caller has the answer, and the runtime is about to ask for the next event."""
        return self.state == "busy" and self.retiring is None and self._call is not None and self._call.done

    async def run(self) -> None:
        """Live from start to end."""
        status: int | None = None
        try:
            await self._start()
            assert self.process is not None  # noqa: S101 - tells the type checker
            watch = asyncio.create_task(self._limit_init())
            try:
                status = await self.process.wait()
            finally:
                watch.cancel()
        except LiveError as error:
            message = error.what if error.why is None else f"{error.what}: {error.why}"
            self._fail(faults.error_body("Sundog.WorkerNotStarted", message))
        except OSError as error:
            # No descriptors, no ports, no memory left: the caller learns of it as of a process that did not start.
            self._fail(faults.error_body("Sundog.WorkerNotStarted", str(error)))
        finally:
            self._finish(status)

    def invoke(self, call: Call) -> None:
        """Give it an event."""
        assert self.state == "idle"  # noqa: S101 - the order of states, not of input
        invocation = call.invocation
        self.state = "busy"
        self.drain()
        self._call = call
        self._last_request = invocation.request_id
        call.begin(self)
        self._api.give(
            Event(
                request_id=invocation.request_id,
                payload=invocation.payload,
                function_arn=invocation.function_arn,
                deadline_ms=int(call.deadline_at * 1000),
                trace_id=call.trace_id,
                client_context=invocation.client_context,
                cognito_identity=invocation.cognito_identity,
            )
        )

    def stop(self, reason: End) -> None:
        """End the process: politely, and after half a second not."""
        if self._end_reason is None:
            self._end_reason = reason
        if self._stopping is None and self.state != "ended":
            self._stopping = asyncio.create_task(self._stop())

    def kill(self, reason: End) -> None:
        """End the process at once."""
        if self._end_reason is None:
            self._end_reason = reason
        if self.process is not None:
            self.process.signal(signal.SIGKILL)

    async def _start(self) -> None:
        await self._api.start()
        self._capture = OutputCapture(self._on_line)
        environ = {
            **self._variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.log_stream,
            **self._credentials.variables(self._api.address),
        }
        self.process = await self._runner.start(
            StartRequest(
                function=self.function,
                environment_id=self.id,
                environ=environ,
                stdout=self._capture.stdout,
                stderr=self._capture.stderr,
            )
        )
        self._capture.handed_over()
        if self._end_reason is not None:
            self.process.signal(signal.SIGKILL)

    async def _limit_init(self) -> None:
        await self.init_deadline.expired()
        if self.state == "starting":
            self.drain()
            seconds = self.init_deadline.seconds
            message = f"Initialisation timed out after {seconds:.2f} seconds"
            self._fail(faults.error_body("Sandbox.Timedout", message))
            self.stop("timeout")

    async def _stop(self) -> None:
        process = self.process
        if process is None:
            return
        self._api.extensions.shut_down("spindown", int(time.time() * 1000 + GRACE_SECONDS * 1000))
        process.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                await process.wait()
        except TimeoutError:
            process.signal(signal.SIGKILL)

    def _finish(self, status: int | None) -> None:
        self.drain()
        was, self.state = self.state, "ended"
        self._api.close()
        if self._capture is not None:
            self._capture.close()
        reason: End = self._end_reason or "crash"
        if was == "starting" and not self._init_failed and self._end_reason is None:
            body = faults.exit_error("", status or 0).replace(b"RequestId:  ", b"")
            self._fail(body)
        call, self._call = self._call, None
        if call is not None:
            call.exited(-signal.SIGKILL if status is None else status)
        self._owner.environment_ended(self, reason, status)

    def _on_fact(self, fact: Fact) -> None:
        if isinstance(fact, Ready):
            self.drain()
            self.init_ms = (time.perf_counter() - self._started_at) * 1000
            self.state = "idle"
            self.idle_since = time.monotonic()
            self._owner.environment_ready(self)
        elif isinstance(fact, Answered):
            self.drain()
            if self._call is not None:
                self._call.answered(fact)
        elif isinstance(fact, Free):
            self.drain()
            self._free()
        elif isinstance(fact, InitFailed):
            self.drain()
            self._end_reason = self._end_reason or "crash"
            self._fail(fact.body)

    def _free(self) -> None:
        call, self._call = self._call, None
        if call is not None and not call.done:
            # The runtime went on to the next event without an answer to this one.
            call.answered(
                Answered(
                    request_id=call.invocation.request_id,
                    body=faults.error_body(
                        "Runtime.Unknown", "The runtime asked for the next event without an answer"
                    ),
                    error_type="Runtime.Unknown",
                )
            )
        if self.state == "busy":
            self.state = "idle"
            self.idle_since = time.monotonic()
            self._owner.environment_free(self)

    def _fail(self, body: bytes) -> None:
        if self._init_failed:
            return
        self._init_failed = True
        error: FunctionError = faults.function_error(body, self._services.root)
        failure = InitFailure(
            body=body,
            error=error,
            lines=tuple(self.init_lines),
            init_ms=(time.perf_counter() - self._started_at) * 1000,
            environment=self.id,
        )
        self._owner.environment_failed(self, failure)

    def _on_loaded(self, body: bytes) -> None:
        report = msgspec.json.decode(body, type=LoadedReport)
        self.files.update({Path(path): digest for path, digest in report.files.items()})
        self.loaded = True
        self._owner.environment_loaded(self, report)

    def _on_line(self, stream: Stream, text: str) -> None:
        request_id = self._last_request
        if self._call is not None:
            self._call.lines.append(text)
        elif request_id is None:
            self.init_lines.append(text)
        self._services.observer(
            LogWritten(
                at=time.time(),
                function=self.function.entry.id,
                environment=self.id,
                request_id=request_id,
                stream=stream,
                text=text,
            )
        )

    def drain(self) -> None:
        """Take all output up to now."""
        if self._capture is not None:
            self._capture.drain()

    def _describe(self) -> Mapping[str, str]:
        return {
            "functionName": self.function.physical_name,
            "functionVersion": self.function.version,
            "handler": self.function.entry.lambda_handler,
            "accountId": self.function.arn.split(":")[4] if self.function.arn.count(":") > 4 else "",
        }
