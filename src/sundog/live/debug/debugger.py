"""The debugger of a session: what `sundog dev --debug` adds.

Nothing is slower while no editor is attached: workers run without any debugger in them, and the adapter is not even
started. When an editor attaches, the environments of its languages are replaced by new ones that connect to it before they
load the handler, so breakpoints at module level work too; and so are all that are started until it leaves.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from sundog.errors import LiveError
from sundog.live.deadline import Deadline
from sundog.live.debug.adapter import Adapter, start_adapter
from sundog.live.debug.anchor import Anchor
from sundog.live.debug.clock import Attachment, PauseClock
from sundog.live.debug.dap_relay import DapSession, relay
from sundog.live.debug.inspector_hub import InspectorHub
from sundog.live.debug.launch_json import READY_TEXT
from sundog.live.debug.port import Connection, DebugPort
from sundog.live.environment import Environment
from sundog.live.node.node_runner import NodeDebugging
from sundog.model.events import DebuggedLanguage, EditorAttachment, Notice, Observer

PATIENCE_SECONDS = 10.0
"""How long a new environment waits for an attached editor to set its breakpoints."""

_PRELUDE = Path(__file__).parent / "prelude.py"
_ROOT_CLIENT = Path(__file__).parent.parent / "node" / "client" / "root.mjs"


class HasEnvironments(Protocol):
    """The part of a live session that a debugger needs."""

    @property
    def environments(self) -> Sequence[Environment]:
        """All execution environments that have not ended."""
        ...


class Debugger:
    """See the module."""

    def __init__(
        self,
        *,
        folder: Path,
        node: Path,
        observer: Observer,
        patience_seconds: float = PATIENCE_SECONDS,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a debugger; nothing is started yet.

        Args:
            folder: For the files that workers read, `.sundog/<stage>/debug`; emptied.
            node: A Node executable.
            observer: Told where editors attach, and when they do.
            patience_seconds: How long a new environment waits for an attached editor.
            wall_clock: Time of events.
        """
        self._folder = folder
        self._node = node
        self._observer = observer
        self._patience_seconds = patience_seconds
        self._wall_clock = wall_clock
        self._session: HasEnvironments | None = None
        self._adapter: Adapter | None = None
        self._anchor: Anchor | None = None
        self._starting = asyncio.Lock()
        self._root: asyncio.subprocess.Process | None = None
        self._clock = PauseClock(self._deadlines)
        self._hub = InspectorHub(
            start_root=self._start_root,
            clock=self._clock,
            on_attached=self._node_attached,
            patience_seconds=patience_seconds,
        )
        self._inspector = ("127.0.0.1", 0)
        self._port = DebugPort(self._serve_dap, lambda: self._inspector)

    @property
    def paused(self) -> frozenset[int]:
        """Process ids of the workers that stand at a breakpoint."""
        return self._clock.paused

    @property
    def prelude(self) -> Path:
        """The file that Python workers run before they import the handler; `serving` writes it."""
        return self._folder / "prelude.py"

    @property
    def node_debugging(self) -> NodeDebugging:
        """What the runner of Node functions asks about new environments."""
        return NodeDebugging(wanted=lambda: self._hub.attached, attach=self._hub.attach)

    def write_prelude(self) -> Path:
        """Write the file that workers run, and return its path. Must be done before a worker is started."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, mode=0o700)
        shutil.copyfile(_PRELUDE, self.prelude)
        return self.prelude

    @asynccontextmanager
    async def serving(self, session: HasEnvironments, port: int) -> AsyncIterator[int]:
        """Let editors attach to a session's workers; gives the port.

        Raises:
            DebugPortTaken: Somebody else listens on the port.
        """
        self._session = session
        bound = await self._port.start(port)
        try:
            self._hub.public_port = bound
            self._inspector = await self._hub.start()
            self._tell(f"{READY_TEXT} 127.0.0.1:{bound}")
            yield bound
        finally:
            await self._port.close()
            await self._hub.close()
            if self._anchor is not None:
                await self._anchor.close()
            if self._root is not None:
                self._root.kill()
                await self._root.wait()
            self._settings_file.unlink(missing_ok=True)
            self._session = None

    @property
    def _settings_file(self) -> Path:
        return self._folder / "debugger.json"

    async def _serve_dap(self, first: bytes, editor: Connection) -> None:
        try:
            adapter = await self._running_adapter()
        except LiveError as error:
            self._tell(f"{error.what}: {error.why}", level="error", fix=next(iter(error.fixes), None))
            return
        reader, writer = await asyncio.open_connection(*adapter.editors)
        session = DapSession(clock=self._clock, title_of=self._title)
        await relay(session, first=first, editor=editor, adapter=(reader, writer))

    async def _running_adapter(self) -> Adapter:
        async with self._starting:
            if self._adapter is None or self._anchor is None or not self._anchor.alive:
                adapter = await start_adapter()
                self._anchor = Anchor(adapter, os.getpid(), self._python_attached)
                await self._anchor.connect()
                self._adapter = adapter
            return self._adapter

    def _python_attached(self, attachment: Attachment) -> None:
        if attachment == "attached" and self._adapter is not None:
            self._write_settings(self._adapter)
        else:
            self._settings_file.unlink(missing_ok=True)
        self._renew("python", attachment)

    def _node_attached(self, attachment: Attachment) -> None:
        self._renew("node", attachment)

    def _renew(self, language: DebuggedLanguage, attachment: Attachment) -> None:
        self._observer(
            EditorAttachment(at=self._wall_clock(), language=language, attached=attachment == "attached")
        )
        for environment in self._environments():
            # Without an editor they would carry a debugger for nothing; with one they need it from their first line.
            if environment.function.entry.language == language and environment.retiring is None:
                environment.retiring = "edit"
                if environment.state != "busy":
                    environment.stop("edit")

    def _write_settings(self, adapter: Adapter) -> None:
        spec = importlib.util.find_spec("debugpy")
        if spec is None or spec.origin is None:
            return
        host, port = adapter.workers
        settings = {
            "debugpy": str(Path(spec.origin).parent),
            "host": host,
            "port": port,
            "token": adapter.token,
            "parent": os.getpid(),
            "patience": self._patience_seconds,
        }
        # Whole or not at all: a worker may read it at any time. Its token lets a program pose as a worker.
        draft = self._settings_file.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(settings, file)
        draft.replace(self._settings_file)

    async def _start_root(self) -> str:
        async with self._starting:
            if self._root is not None and self._root.returncode is None:
                self._root.kill()
                await self._root.wait()
            self._root = await asyncio.create_subprocess_exec(
                self._node,
                "--inspect-publish-uid=http",
                _ROOT_CLIENT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PATH": os.defpath},
                start_new_session=True,
            )
            if self._root.stdout is None:
                return ""
            return (await self._root.stdout.readline()).decode().strip()

    def _environments(self) -> Sequence[Environment]:
        return () if self._session is None else self._session.environments

    def _of_process(self, process_id: int) -> Iterator[Environment]:
        for environment in self._environments():
            if environment.process is not None and environment.process.pid == process_id:
                yield environment

    def _deadlines(self, process_id: int) -> Iterator[Deadline]:
        for environment in self._of_process(process_id):
            yield environment.init_deadline
            if environment.call is not None and environment.call.deadline is not None:
                yield environment.call.deadline

    def _title(self, process_id: int) -> str | None:
        return next((environment.function.entry.name for environment in self._of_process(process_id)), None)

    def _tell(self, text: str, *, level: str = "info", fix: str | None = None) -> None:
        self._observer(
            Notice(at=self._wall_clock(), level="error" if level == "error" else "info", text=text, fix=fix)
        )
