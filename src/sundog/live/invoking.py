"""One invocation from the moment an environment has it to the answer."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from sundog.live import faults, memory
from sundog.live.deadline import Deadline
from sundog.live.runner import WorkerProcess
from sundog.live.runtime_api.machine import Answered
from sundog.live.streamed import is_http_stream, plain_payload
from sundog.live.transcript import Usage, transcript
from sundog.live.triggers import trigger_of
from sundog.model.events import (
    FunctionError,
    InvocationFinished,
    InvocationStarted,
    LogWritten,
    Observer,
    Outcome,
)
from sundog.model.functions import DeployedFunction, Invocation, InvocationResult

MEMORY_LOOK_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class InitFailure:
    """Why an environment could not serve."""

    body: bytes
    error: FunctionError
    lines: tuple[str, ...]
    init_ms: float
    environment: str | None = None


class Host(Protocol):
    """The environment that runs an invocation."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def init_ms(self) -> float:
        """How long it initialised."""
        ...

    @property
    def init_lines(self) -> list[str]:
        """What it wrote meanwhile."""
        ...

    @property
    def process(self) -> WorkerProcess | None:
        """Its process, once it is started."""
        ...

    def drain(self) -> None:
        """Take all output up to now."""

    def stop(self, reason: Literal["timeout", "removed"]) -> None:
        """End the process politely."""

    def kill(self, reason: Literal["crash"]) -> None:
        """End the process at once."""


class Call:
    """An invocation that waits for, or runs in, an environment."""

    def __init__(
        self,
        invocation: Invocation,
        function: DeployedFunction,
        *,
        observer: Observer,
        root: Path,
        enforce_memory: bool,
        clean_log: Callable[[bytes], bytes],
        replay_of: str | None = None,
    ) -> None:
        """Take what came from the transport."""
        self.invocation = invocation
        self.function = function
        self.result: asyncio.Future[InvocationResult] = asyncio.get_running_loop().create_future()
        self.lines: list[str] = []
        self.cold = False
        self.queued_at = time.monotonic()
        self.deadline_at = 0.0
        self.trace_id = invocation.trace_id or new_trace_id()
        self.deadline: Deadline | None = None
        self._observer = observer
        self._root = root
        self._enforce_memory = enforce_memory
        self._clean_log = clean_log
        self._replay_of = replay_of
        self._environment: Host | None = None
        self._began = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._peak_mb: int | None = None
        self._out_of_memory = False
        self._streamed = False

    @property
    def done(self) -> bool:
        """Whether the caller has an answer."""
        return self.result.done()

    def begin(self, environment: Host) -> None:
        """Note that an environment is given the event now."""
        self._environment = environment
        entry = self.function.entry
        self.deadline = Deadline(entry.timeout_seconds)
        now = time.time()
        self.deadline_at = now + entry.timeout_seconds
        self._began = time.perf_counter()
        if self.cold:
            self.lines += environment.init_lines
        self._observer(
            InvocationStarted(
                at=now,
                request_id=self.invocation.request_id,
                function=entry.id,
                environment=environment.id,
                cold=self.cold,
                trigger=trigger_of(entry.triggers, self.invocation.payload),
                payload=self.invocation.payload,
                trace_id=self.trace_id,
                deadline=self.deadline_at,
                replay_of=self._replay_of,
            )
        )
        self._watch = asyncio.create_task(self._watched(environment, self.deadline))

    def answered(self, answer: Answered) -> None:
        """Take the runtime's answer."""
        if self.done:
            return
        if answer.error_type is not None:
            self._finish("error", answer.body, function_error="Unhandled")
        else:
            self._streamed = is_http_stream(answer.content_type)
            self._finish("ok", plain_payload(answer.body, answer.content_type))

    def cancel(self) -> None:
        """Answer that the job was cancelled, and end the environment that runs it."""
        if self.done:
            return
        request_id = self.invocation.request_id
        body = faults.error_body(
            "Sundog.JobCancelled", f"RequestId: {request_id} Error: the job was cancelled"
        )
        if self._environment is None:
            self._never_ran("error", body, faults.function_error(body, self._root), "", None)
            return
        self._environment.stop("removed")
        self._environment.drain()
        self._platform_line("the job was cancelled")
        self._finish("error", body, function_error="Unhandled")

    def exited(self, status: int) -> None:
        """Note that the process ended under this invocation."""
        if self.done:
            return
        body = faults.exit_error(self.invocation.request_id, status, out_of_memory=self._out_of_memory)
        self._platform_line(faults.function_error(body, self._root).message)
        self._finish("crash", body, function_error="Unhandled", status="error")

    def failed_to_initialise(self, failure: InitFailure) -> None:
        """Answer with the error that kept every environment from serving."""
        if self.done:
            return
        self.lines += failure.lines
        self.cold = True
        self._never_ran("init_error", failure.body, failure.error, failure.environment or "", failure.init_ms)

    def _never_ran(
        self, outcome: Outcome, body: bytes, error: FunctionError, environment: str, init_ms: float | None
    ) -> None:
        """Record an event that no handler was given, and answer it."""
        entry = self.function.entry
        now = time.time()
        self._observer(
            InvocationStarted(
                at=now,
                request_id=self.invocation.request_id,
                function=entry.id,
                environment=environment,
                cold=self.cold,
                trigger=trigger_of(entry.triggers, self.invocation.payload),
                payload=self.invocation.payload,
                trace_id=self.trace_id,
                deadline=now + entry.timeout_seconds,
                replay_of=self._replay_of,
            )
        )
        self._conclude(outcome, body, environment, 0.0, "Unhandled", None, error, init_ms)

    async def _watched(self, environment: Host, deadline: Deadline) -> None:
        expiry = asyncio.ensure_future(deadline.expired())
        try:
            while not self.done:
                await asyncio.wait({expiry}, timeout=MEMORY_LOOK_SECONDS)
                if expiry.done():
                    self._timed_out(environment)
                    return
                resident = self._look_at_memory(environment)
                if self._enforce_memory and resident > self.function.entry.memory_mb:
                    self._out_of_memory = True
                    environment.kill("crash")
                    return
        finally:
            expiry.cancel()

    def _timed_out(self, environment: Host) -> None:
        if self.done:
            return
        seconds = self.function.entry.timeout_seconds
        request_id = self.invocation.request_id
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{int(time.time() * 1000) % 1000:03d}Z"
        environment.stop("timeout")
        environment.drain()
        self._platform_line(f"{stamp} {request_id} Task timed out after {seconds:.2f} seconds")
        body = faults.timeout_error(request_id, seconds)
        self._finish("timeout", body, function_error="Unhandled", status="timeout")

    def _look_at_memory(self, environment: Host) -> int:
        process = environment.process
        resident = None if process is None else memory.resident_mb(process.pid)
        if resident is not None:
            self._peak_mb = max(self._peak_mb or 0, resident)
        return resident or 0

    def _platform_line(self, text: str) -> None:
        self.lines.append(text)
        assert self._environment is not None  # noqa: S101 - tells the type checker
        self._observer(
            LogWritten(
                at=time.time(),
                function=self.function.entry.id,
                environment=self._environment.id,
                request_id=self.invocation.request_id,
                stream="platform",
                text=text,
            )
        )

    def _finish(
        self, outcome: Outcome, body: bytes, *, function_error: str | None = None, status: str | None = None
    ) -> None:
        assert self._environment is not None  # noqa: S101 - tells the type checker
        duration = (time.perf_counter() - self._began) * 1000
        if outcome in {"ok", "error"}:
            self._look_at_memory(self._environment)
        if self._watch is not None:
            self._watch.cancel()
        error = None if outcome == "ok" else faults.function_error(body, self._root)
        init_ms = self._environment.init_ms if self.cold else None
        self._conclude(outcome, body, self._environment.id, duration, function_error, status, error, init_ms)

    def _conclude(
        self,
        outcome: Outcome,
        body: bytes,
        environment_id: str,
        duration_ms: float,
        function_error: str | None,
        status: str | None,
        error: FunctionError | None,
        init_ms: float | None,
    ) -> None:
        usage = Usage(
            duration_ms=duration_ms,
            memory_mb=self.function.entry.memory_mb,
            max_memory_mb=self._peak_mb,
            init_ms=init_ms,
            status=status,
            error_type=error.error_type if error is not None and status == "error" else None,
        )
        request_id = self.invocation.request_id
        log = self._clean_log(transcript(request_id, self.function.version, self.lines, usage))
        self.result.set_result(
            InvocationResult(
                payload=body, function_error=function_error, log_tail=log, streamed=self._streamed
            )
        )
        self._observer(
            InvocationFinished(
                at=time.time(),
                request_id=request_id,
                function=self.function.entry.id,
                environment=environment_id,
                outcome=outcome,
                duration_ms=duration_ms,
                init_ms=init_ms,
                max_memory_mb=self._peak_mb,
                response=body,
                error=error,
            )
        )


def new_trace_id() -> str:
    """Return a trace header as Lambda makes one."""
    random = os.urandom(20).hex()
    return f"Root=1-{int(time.time()):08x}-{random[:24]};Parent={random[24:40]};Sampled=0"
