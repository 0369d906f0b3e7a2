"""A live session with a debugger, and functions in its project."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.bundle.node import node_binary
from sundog.live.debug.debugger import Debugger
from sundog.live.node.factory import make_node_runner
from sundog.live.options import LiveOptions
from sundog.live.session import LiveSession
from sundog.model.events import EditorAttachment, Event, Notice
from sundog.model.functions import Credentials, DeployedFunction, Invocation, InvocationResult
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project, Settings

PATIENCE_SECONDS = 60


@dataclass
class Bench:
    """What a test works with."""

    root: Path
    session: LiveSession
    debugger: Debugger
    port: int
    events: list[Event]
    python_editor: Callable[..., Any]
    node_editor: Callable[..., Any]

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def edit(self, name: str, text: str) -> Path:
        """Write a file and tell the session, as the watcher does."""
        file = self.write(name, text)
        self.session.changed(frozenset({file}))
        return file

    async def serve(self, *files: str, timeout_seconds: float = 3) -> None:
        await self.session.set_functions([function(file, timeout_seconds) for file in files])

    def invoke(self, name: str, event: object = None) -> asyncio.Task[InvocationResult]:
        invocation = Invocation(
            function_arn=f"arn:aws:lambda:eu-central-1:000000000000:function:{name}",
            physical_name=name,
            request_id=str(uuid.uuid4()),
            payload=json.dumps(event).encode(),
            deadline=time.time() + 3600,
        )
        return asyncio.create_task(self.session.invoke(invocation))

    def editor(self, breakpoints: Mapping[Path, list[int]] | None = None, **habits: bool) -> Any:
        """An editor of Python handlers that attaches with `async with`."""
        return self.python_editor(self.port, breakpoints, **habits)

    def editor_of_typescript(self, breakpoints: Mapping[Path, list[int]] | None = None) -> Any:
        return self.node_editor(self.port, breakpoints)

    async def answer(self, call: asyncio.Task[InvocationResult]) -> Any:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                result = await call
        except (TimeoutError, asyncio.CancelledError):
            raise AssertionError("no answer; events:\n" + "\n".join(map(str, self.events))) from None
        assert result.function_error is None, (
            result.payload.decode() + "\n" + "\n".join(map(str, self.events))
        )
        return json.loads(result.payload)

    @property
    def notices(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Notice | EditorAttachment)]


def function(file: str, timeout_seconds: float) -> DeployedFunction:
    stem, _, suffix = file.rpartition(".")
    python = suffix == "py"
    entry = FunctionEntry(
        id=f"backend/{stem}",
        name=stem,
        stack="local-bench-backend",
        logical_id="Handler",
        handler=f"{stem}.handler",
        runtime="python3.12" if python else "nodejs24.x",
        language="python" if python else "node",
        source=".",
        file=file,
        function="handler",
        timeout_seconds=timeout_seconds,
        memory_mb=1024,
    )
    return DeployedFunction(
        entry=entry,
        physical_name=stem,
        arn=f"arn:aws:lambda:eu-central-1:000000000000:function:{stem}",
        role_arn="arn:aws:iam::000000000000:role/bench",
        environment={},
        log_group=f"/aws/lambda/{stem}",
    )


async def credentials(_: DeployedFunction) -> Credentials:
    return Credentials(
        access_key_id="test", secret_access_key="test", session_token="test", expires_at=time.time() + 3600
    )


@pytest.fixture(scope="session", autouse=True)
def _esbuild() -> None:
    esbuild_binary(lambda _: None)


@pytest.fixture
def at_bench(tmp_path: Path, python_editor, node_editor) -> Callable:
    """Runs an async test body with a session whose debugger listens."""

    root = tmp_path.resolve()

    def run(body: Callable[[Bench], Awaitable[None]], **options: Any) -> None:
        async def main() -> None:
            project = Project(root=root, settings=Settings(name="bench"))
            events: list[Event] = []
            debugger = Debugger(
                folder=project.stage_dir("local") / "debug",
                node=node_binary(),
                observer=events.append,
                **options,
            )
            live_options = LiveOptions(
                prelude=debugger.write_prelude(),
                watch=False,
                runners={
                    "node": lambda session: make_node_runner(
                        session, observer=events.append, debugging=debugger.node_debugging
                    )
                },
            )
            session = LiveSession(
                project,
                project.stage("local"),
                observer=events.append,
                credentials=credentials,
                endpoint_url=None,
                options=live_options,
            )
            async with session, debugger.serving(session, 0) as port:
                await body(Bench(root, session, debugger, port, events, python_editor, node_editor))

        asyncio.run(main())

    return run
