"""A live session on a small project, with real workers."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sundog.live.options import LiveOptions
from sundog.live.session import LiveSession
from sundog.model.events import (
    EnvironmentReady,
    EnvironmentStopped,
    Event,
    InitFailed,
    InvocationFinished,
    LogWritten,
)
from sundog.model.functions import Credentials, DeployedFunction, Invocation, InvocationResult
from sundog.model.manifest import FunctionEntry
from sundog.model.project import LocalSettings, Project, Settings

WAIT_SECONDS = 20.0


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def function(handler: str, name: str = "f", **changes: Any) -> DeployedFunction:
    """Describe a deployed function; `changes` go to the entry or to the function, whoever has the field."""
    entry_changes = {key: changes.pop(key) for key in list(changes) if key in FunctionEntry.__struct_fields__}
    module, _, attribute = handler.rpartition(".")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    entry: dict[str, Any] = {
        "id": name,
        "name": name,
        "stack": "backend",
        "logical_id": "F",
        "handler": handler,
        "runtime": f"python{version}",
        "language": "python",
        "source": ".",
        "file": f"{module}.py",
        "function": attribute,
        "timeout_seconds": 10,
        "memory_mb": 512,
    }
    deployed: dict[str, Any] = {
        "physical_name": f"local-app-{name}",
        "arn": f"arn:aws:lambda:us-east-1:000000000000:function:local-app-{name}",
        "role_arn": "arn:aws:iam::000000000000:role/r",
        "environment": {},
        "log_group": f"/aws/lambda/local-app-{name}",
    }
    return DeployedFunction(entry=FunctionEntry(**{**entry, **entry_changes}), **{**deployed, **changes})


class Live:
    """A running session and what it said."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.events: list[Event] = []
        self.session: LiveSession
        self.functions: list[DeployedFunction] = []

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    async def serve(self, *functions: DeployedFunction) -> None:
        self.functions = list(functions)
        await self.session.set_functions(self.functions)

    async def handler(self, text: str, name: str = "f", **changes: Any) -> None:
        """Write `app.py` and serve its `handler`."""
        self.write("app.py", text)
        await self.serve(function("app.handler", name, **changes))

    async def invoke(self, event: object = None, name: str = "f", **changes: Any) -> InvocationResult:
        physical = f"local-app-{name}"
        invocation = {
            "function_arn": f"arn:aws:lambda:us-east-1:000000000000:function:{physical}",
            "physical_name": physical,
            "request_id": str(uuid.uuid4()),
            "payload": json.dumps(event).encode(),
            "deadline": time.time() + 10,
        }
        return await self.session.invoke(Invocation(**{**invocation, **changes}))

    async def answer(self, event: object = None, name: str = "f", **changes: Any) -> Any:
        result = await self.invoke(event, name, **changes)
        assert result.function_error is None, result.payload + b"\n" + result.log_tail
        return json.loads(result.payload)

    async def error(self, event: object = None, name: str = "f", **changes: Any) -> dict[str, Any]:
        result = await self.invoke(event, name, **changes)
        assert result.function_error == "Unhandled", result.payload
        return dict(json.loads(result.payload))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def ready(self) -> list[EnvironmentReady]:
        return self.of(EnvironmentReady)

    @property
    def stopped(self) -> list[EnvironmentStopped]:
        return self.of(EnvironmentStopped)

    @property
    def failed(self) -> list[InitFailed]:
        return self.of(InitFailed)

    @property
    def finished(self) -> list[InvocationFinished]:
        return self.of(InvocationFinished)

    @property
    def logs(self) -> list[LogWritten]:
        return self.of(LogWritten)

    def lines(self, request_id: str | None) -> list[str]:
        return [log.text for log in self.logs if log.request_id == request_id and log.stream != "platform"]

    async def until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                said = "\n".join(log.text for log in self.logs[-30:])
                raise AssertionError(
                    f"waited in vain for: {what}\nworkers said:\n{said}\n{self.events[-10:]}"
                )
            await asyncio.sleep(0.005)

    async def edit(self, name: str, text: str) -> None:
        """Save a file and wait until an environment runs it."""
        before = len(self.ready) + len(self.failed)
        self.write(name, text)
        await self.until(
            lambda: len(self.ready) + len(self.failed) > before, f"an environment with the new {name}"
        )


async def credentials(deployed: DeployedFunction) -> Credentials:
    return Credentials(
        access_key_id=f"KEY-{deployed.entry.id}",
        secret_access_key="secret",
        session_token="token",
        expires_at=time.time() + 3600,
    )


StartLive = Callable[..., Awaitable[Live]]


@asynccontextmanager
async def live_session(root: Path, **options: Any) -> AsyncIterator[Live]:
    live = Live(root)
    root = live.root
    python = options.pop("python", sys.executable)
    settings = Settings(name="app", python=python, local=LocalSettings())
    project = Project(root=root, settings=settings)
    environ = {**os.environ, **options.pop("environ", {})}
    live.session = LiveSession(
        project,
        project.stage(None),
        observer=live.events.append,
        credentials=credentials,
        endpoint_url=options.pop("endpoint_url", None),
        options=dataclasses.replace(LiveOptions(environ=environ), **options),
    )
    async with live.session:
        yield live


@pytest.fixture
def start_method() -> str:
    return "fork"


@pytest.fixture
async def live(tmp_path: Path, start_method: str, anyio_backend: str) -> AsyncIterator[Live]:
    async with live_session(tmp_path, start_method=start_method) as running:
        yield running
