"""A laboratory of Node environments: the real runner, esbuild, Runtime API and output pipes, without a session."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.bundle.node import node_binary
from sundog.live.capture import OutputCapture
from sundog.live.node.esbuild_service import EsbuildService
from sundog.live.node.interpreters import NodeFinder
from sundog.live.node.node_runner import NodeRunner
from sundog.live.runner import BuildOutcome, StartRequest, WorkerProcess
from sundog.live.runtime_api.credentials import CredentialsEndpoint
from sundog.live.runtime_api.machine import Answered, Fact, Free, InitFailed, Ready
from sundog.live.runtime_api.server import Event, RuntimeApi
from sundog.live.variables import function_variables
from sundog.model.events import Notice
from sundog.model.functions import Credentials, DeployedFunction
from sundog.model.manifest import FunctionEntry

PATIENCE_SECONDS = 30


@dataclass
class Process:
    """A child as `sundog.live.runner.WorkerProcess` wants it."""

    process: asyncio.subprocess.Process

    @property
    def pid(self) -> int:
        return self.process.pid

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    async def wait(self) -> int:
        return await self.process.wait()


async def spawn(
    argv: Sequence[str], *, environ: Mapping[str, str], cwd: Path, stdout: int, stderr: int
) -> WorkerProcess:
    process = await asyncio.create_subprocess_exec(
        *argv,
        env=dict(environ),
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )
    return Process(process)


@dataclass
class Outcome:
    """What an invocation came to."""

    body: bytes
    error_type: str | None
    content_type: str
    lines: list[str]

    @property
    def value(self):
        return json.loads(self.body)


class Environment:
    """One execution environment: its process, its Runtime API, its output."""

    def __init__(self, lab: Lab, function: DeployedFunction) -> None:
        self._lab = lab
        self.function = function
        self.lines: list[str] = []
        self._facts: asyncio.Queue[Fact] = asyncio.Queue()
        self._api = RuntimeApi(
            on_fact=self._on_fact,
            on_loaded=lambda _: None,
            credentials=CredentialsEndpoint(no_credentials),
            describe=dict,
        )
        self.capture = OutputCapture(lambda _, text: self.lines.append(text))
        self._count = 0
        self.process: WorkerProcess | None = None

    def _on_fact(self, fact: Fact) -> None:
        self.capture.drain()
        self._facts.put_nowait(fact)

    async def start(self) -> Fact:
        await self._api.start()
        environ = function_variables(
            self.function,
            root=self._lab.root,
            region="eu-central-1",
            stage="local",
            app="lab",
            endpoint_url=None,
            environ=os.environ,
        )
        request = StartRequest(
            function=self.function,
            environment_id=f"e{len(self._lab.environments)}",
            environ={
                **environ,
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0123",
            },
            stdout=self.capture.stdout,
            stderr=self.capture.stderr,
        )
        self.process = await self._lab.runner.start(request)
        self.capture.handed_over()
        return await self.fact()

    async def fact(self) -> Fact:
        waiting = asyncio.ensure_future(self._facts.get())
        ended = asyncio.ensure_future(self.process.wait())
        done, _ = await asyncio.wait(
            {waiting, ended}, timeout=PATIENCE_SECONDS, return_when=asyncio.FIRST_COMPLETED
        )
        ended.cancel()
        if waiting in done:
            return waiting.result()
        waiting.cancel()
        self.capture.drain()
        status = ended.result() if done else "none yet"
        raise AssertionError(
            f"the environment said nothing; exit status {status}, output:\n" + "\n".join(self.lines)
        )

    async def invoke(self, event: object, *, seconds: float = 3, **extra: object) -> Outcome:
        self._count += 1
        start = len(self.lines)
        given = Event(
            request_id=f"00000000-0000-4000-8000-{self._count:012}",
            payload=json.dumps(event).encode(),
            function_arn=self.function.arn,
            deadline_ms=int((time.time() + seconds) * 1000),
            **extra,
        )
        if not self._api.give(given):
            raise AssertionError("the environment is not waiting for an event")
        answered = await self.fact()
        assert isinstance(answered, Answered), f"expected an answer, got {answered}"
        return Outcome(
            body=answered.body,
            error_type=answered.error_type,
            content_type=answered.content_type,
            lines=self.lines[start:],
        )

    async def free(self) -> None:
        fact = await self.fact()
        assert isinstance(fact, Free), f"expected the environment to be free, got {fact}"

    async def call(self, event: object = None, **extra: object) -> Outcome:
        """Invoke and wait until the next event could be taken."""
        outcome = await self.invoke(event, **extra)
        await self.free()
        return outcome

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.process.wait()

    async def close(self) -> None:
        if self.process is not None:
            self.process.signal(signal.SIGKILL)
            await self.process.wait()
        self.capture.close()
        self._api.close()


async def no_credentials() -> Credentials:
    raise AssertionError("no test asks for credentials")


@dataclass
class Lab:
    """A project folder and a runner for it."""

    root: Path
    runner: NodeRunner
    notices: list[Notice]
    environments: list[Environment] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def function(
        self,
        file: str,
        *,
        runtime: str = "nodejs24.x",
        export: str = "handler",
        environment=None,
        **build: object,
    ) -> DeployedFunction:
        stem = file.rpartition(".")[0]
        entry = FunctionEntry(
            id=f"backend/{stem.replace('/', '_')}",
            name=stem.rpartition("/")[2],
            stack="local-lab-backend",
            logical_id="Handler",
            handler=f"{stem}.{export}",
            runtime=runtime,
            language="node",
            source=".",
            file=file,
            function=export,
            timeout_seconds=3,
            memory_mb=512,
            build=build,
        )
        name = f"local-lab-{entry.name}"
        return DeployedFunction(
            entry=entry,
            physical_name=name,
            arn=f"arn:aws:lambda:eu-central-1:000000000000:function:{name}",
            role_arn="arn:aws:iam::000000000000:role/lab",
            environment=environment or {},
            log_group=f"/aws/lambda/{name}",
        )

    async def build(self, function: DeployedFunction) -> BuildOutcome:
        return await self.runner.build(function)

    async def started(self, function: DeployedFunction) -> tuple[Environment, Fact]:
        environment = Environment(self, function)
        self.environments.append(environment)
        return environment, await environment.start()

    async def ready(self, file: str, text: str, **options) -> Environment:
        """Write a handler, build it and start an environment that waits for events."""
        self.write(file, text)
        function = self.function(file, **options)
        outcome = await self.build(function)
        if outcome.error is not None:
            raise AssertionError(f"the build failed: {outcome.error}")
        environment, fact = await self.started(function)
        assert isinstance(fact, Ready), f"expected a ready environment, got {fact}\n" + "\n".join(
            environment.lines
        )
        return environment

    async def init_failure(self, file: str, text: str, **options) -> tuple[Environment, InitFailed]:
        self.write(file, text)
        function = self.function(file, **options)
        outcome = await self.build(function)
        if outcome.error is not None:
            raise AssertionError(f"the build failed: {outcome.error}")
        environment, fact = await self.started(function)
        assert isinstance(fact, InitFailed), f"expected a failed init, got {fact}"
        return environment, fact


@pytest.fixture(scope="session")
def esbuild_path() -> Path:
    return esbuild_binary(lambda _: None)


@pytest.fixture
def in_lab(tmp_path: Path, esbuild_path: Path) -> Callable:
    """Runs an async test body in a laboratory and cleans up after it."""

    root = tmp_path.resolve()

    def run(body: Callable[[Lab], Awaitable[None]], **options: object) -> None:
        async def main() -> None:
            notices: list[Notice] = []
            runner = NodeRunner(
                root=tmp_path,
                folder=tmp_path / ".sundog" / "local" / "node",
                spawn=spawn,
                observer=notices.append,
                esbuild=EsbuildService(lambda: esbuild_path),
                nodes=options.pop("nodes", None) or NodeFinder(node_binary(), 24, {}),
                environ=os.environ,
                spares=1,
                **options,
            )
            lab = Lab(root=root, runner=runner, notices=notices)
            try:
                await body(lab)
            finally:
                for environment in lab.environments:
                    await environment.close()
                await runner.close()

        asyncio.run(main())

    return run
