"""One long-lived esbuild process that builds all functions, incrementally.

Each function has a build context: esbuild keeps what it parsed and, on the next build, reads again only the files that
changed. The process is started on first use and started again when it ends; its contexts are then made anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import msgspec

from sundog.errors import BugError, LiveError
from sundog.live.node.esbuild_wire import Packet, PacketStream, Value, decode_packet, encode_packet
from sundog.model.threads import in_thread

Rewrite = Callable[[Path], bytes]
"""Returns what esbuild is to read instead of a file."""
_CODE_FILES = r"\.[cm]?[jt]sx?$"


class _Metafile(msgspec.Struct):
    inputs: dict[str, msgspec.Raw] = {}


class EsbuildStopped(LiveError):
    """esbuild's process ended while a build was under way, twice in a row.

    sundog starts it again for the next build. When this repeats, the process may be short of memory.
    """

    code = "SD-LIVE-040"


@dataclass(frozen=True, kw_only=True)
class BuildMessage:
    """An error or a warning of esbuild."""

    text: str
    file: str | None = None
    """As esbuild names it: relative to the working folder, or absolute outside it."""
    line: int | None = None
    column: int | None = None
    """Counted from 0, in bytes."""
    line_text: str | None = None
    notes: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True, kw_only=True)
class BuildOutput:
    """What one build made."""

    errors: tuple[BuildMessage, ...]
    warnings: tuple[BuildMessage, ...]
    files: dict[str, bytes]
    """Contents by absolute path; empty when there are errors."""
    inputs: tuple[str, ...]
    """Absolute paths of every file that was bundled."""
    metafile: bytes = b"{}"
    """What esbuild tells of inputs and outputs, as JSON."""


@dataclass(frozen=True, kw_only=True)
class BuildPlan:
    """What a function's build context is made of."""

    entry: str
    """The source file, relative to the working folder."""
    output_name: str
    """Name of the output without its extension."""
    flags: tuple[str, ...]
    working_folder: Path
    rewrite: Rewrite | None = None
    """Asked for the text of every file of JavaScript or TypeScript; None leaves them as they are."""


@dataclass
class _Process:
    process: asyncio.subprocess.Process
    stdin: asyncio.StreamWriter
    reader: asyncio.Task[None] | None = None
    replies: dict[int, asyncio.Future[dict[str, Value]]] = field(default_factory=dict)
    finished_builds: dict[int, dict[str, Value]] = field(default_factory=dict)
    contexts: dict[str, tuple[int, BuildPlan]] = field(default_factory=dict)
    rewrites: dict[int, Rewrite] = field(default_factory=dict)
    """By build; what has a rewrite is built once and forgotten."""
    next_id: int = 0

    @property
    def ended(self) -> bool:
        return self.reader is not None and self.reader.done()


class EsbuildService:
    """Builds functions with one esbuild process."""

    def __init__(self, binary: Callable[[], Path]) -> None:
        """Prepare the service; nothing is started yet.

        Args:
            binary: Returns esbuild's executable, installing it when needed; called in a thread.
        """
        self._binary = binary
        self._running: _Process | None = None
        self._starting = asyncio.Lock()

    async def build(self, name: str, plan: BuildPlan) -> BuildOutput:
        """Build a function, incrementally when its plan is the same as last time.

        Args:
            name: Whose build context this is; one build of a name at a time.
            plan: What to build.

        Raises:
            EsbuildStopped: The process ended, and so did the one started in its place.
        """
        for attempt in (1, 2):
            running = await self._process()
            try:
                return await self._build(running, name, plan)
            except ConnectionError as error:
                self._running = None
                if attempt == 2:
                    status = running.process.returncode
                    raise EsbuildStopped(
                        f"esbuild ended while it built `{plan.entry}`",
                        why=f"its exit status is {status}",
                        fix="save the file again to build once more",
                    ) from error
        raise BugError(f"the build of `{plan.entry}` had no outcome")

    async def forget(self, name: str) -> None:
        """Free the build context of a function that is no longer there."""
        running = self._running
        if running is None or name not in running.contexts:
            return
        key, _ = running.contexts.pop(name)
        running.rewrites.pop(key, None)
        with contextlib.suppress(ConnectionError):
            await self._request(running, {"command": "dispose", "key": key})

    async def close(self) -> None:
        """End the process."""
        running, self._running = self._running, None
        if running is None:
            return
        if running.process.returncode is None:
            running.process.kill()
        await running.process.wait()
        if running.reader is not None:
            await running.reader

    @property
    def process_id(self) -> int | None:
        """The process id of esbuild, None while it does not run."""
        return self._running.process.pid if self._running else None

    async def _process(self) -> _Process:
        async with self._starting:
            if self._running is None or self._running.ended:
                self._running = await self._start()
            return self._running

    async def _start(self) -> _Process:
        binary = await in_thread(self._binary)
        version = await asyncio.to_thread(_version_beside, binary)
        process = await asyncio.create_subprocess_exec(
            binary,
            f"--service={version}",
            "--ping",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # Ctrl-C in the terminal must not end it before the session does.
            start_new_session=True,
        )
        if process.stdin is None or process.stdout is None:
            raise BugError("esbuild was started without pipes")
        running = _Process(process=process, stdin=process.stdin)
        running.reader = asyncio.create_task(self._read(running, process.stdout), name="esbuild")
        return running

    async def _read(self, running: _Process, stdout: asyncio.StreamReader) -> None:
        stream = PacketStream()
        first = True
        while data := await stdout.read(1 << 20):
            for body in stream.feed(data):
                if first:  # the version; the binary itself refuses a host that asked for another
                    first = False
                    continue
                self._handle(running, decode_packet(body))
        await running.process.wait()
        for reply in running.replies.values():
            if not reply.done():
                reply.set_exception(ConnectionError("esbuild ended"))
        running.replies.clear()

    def _handle(self, running: _Process, packet: Packet) -> None:
        if not isinstance(packet.value, dict):
            raise BugError(f"esbuild sent a packet of an unknown form: {packet!r}")
        if not packet.is_request:
            reply = running.replies.pop(packet.id, None)
            if reply is not None and not reply.done():
                reply.set_result(packet.value)
            return
        # `ping` asks whether we are there; `on-end` brings a build's result. Both it and `on-start`, which a build with a
        # plugin sends, wait for what plugins say to it.
        command, answer = packet.value.get("command"), cast("Value", {})
        if command == "on-end":
            running.finished_builds[cast("int", packet.value["key"])] = packet.value
        if command in {"on-start", "on-end"}:
            answer = {"errors": [], "warnings": []}
        elif command == "on-load":
            answer = _loaded(running.rewrites[cast("int", packet.value["key"])], str(packet.value["path"]))
        self._send(running, Packet(id=packet.id, is_request=False, value=answer))

    async def _build(self, running: _Process, name: str, plan: BuildPlan) -> BuildOutput:
        known = running.contexts.get(name)
        if known is None or known[1] != plan:
            if known is not None:
                await self.forget(name)
            key = running.next_id
            if plan.rewrite is not None:
                running.rewrites[key] = plan.rewrite
            reply = await self._request(
                running,
                {
                    "command": "build",
                    "key": key,
                    "entries": [[plan.output_name, plan.entry]],
                    "flags": list(plan.flags),
                    "write": False,
                    "stdinContents": None,
                    "stdinResolveDir": None,
                    "absWorkingDir": str(plan.working_folder),
                    "nodePaths": [],
                    "context": True,
                    "plugins": [] if plan.rewrite is None else [_PLUGIN],
                },
            )
            if reply.get("errors"):
                return _output(reply, plan)
            running.contexts[name] = (key, plan)
        key, _ = running.contexts[name]
        while True:
            await self._request(running, {"command": "rebuild", "key": key})
            # A rebuild asked for while one is under way joins it and brings no result of its own.
            if (finished := running.finished_builds.pop(key, None)) is not None:
                return _output(finished, plan)

    async def _request(self, running: _Process, value: dict[str, Value]) -> dict[str, Value]:
        number = running.next_id
        running.next_id += 1
        reply: asyncio.Future[dict[str, Value]] = asyncio.get_running_loop().create_future()
        if running.ended:
            raise ConnectionError("esbuild ended")
        running.replies[number] = reply
        self._send(running, Packet(id=number, is_request=True, value=value))
        answer = await reply
        if isinstance(text := answer.get("error"), str):
            # Flags that esbuild cannot read are reported so, without a place.
            return {"errors": [{"text": text}], "warnings": []}
        return answer

    def _send(self, running: _Process, packet: Packet) -> None:
        # esbuild reads all the time and our packets are small: the transport's buffer stays near empty.
        running.stdin.write(encode_packet(packet))


def _version_beside(binary: Path) -> str:
    # @esbuild/<platform>/bin/esbuild lies beside its package.json, from the same archive that npm checked.
    manifest = json.loads((binary.parent.parent / "package.json").read_text("utf-8"))
    return str(manifest["version"])


_PLUGIN: Value = {
    "name": "sundog",
    "onStart": False,
    "onEnd": False,
    "onResolve": [],
    "onLoad": [{"id": 0, "filter": _CODE_FILES, "namespace": "file"}],
}


def _loaded(rewrite: Rewrite, path: str) -> dict[str, Value]:
    try:
        # The loader `default` is what the file's name and the flags say.
        return {"id": 0, "contents": rewrite(Path(path)), "loader": "default"}
    except OSError as error:
        text = f'Could not read "{path}": {error.strerror}'
        return {
            "id": 0,
            "errors": [
                {"id": "", "pluginName": "", "text": text, "location": None, "notes": [], "detail": -1}
            ],
        }


def _output(response: dict[str, Any], plan: BuildPlan) -> BuildOutput:
    metafile = response.get("metafile") or b"{}"
    inputs = msgspec.json.decode(metafile, type=_Metafile).inputs
    return BuildOutput(
        errors=tuple(_message(item) for item in response.get("errors") or ()),
        warnings=tuple(_message(item) for item in response.get("warnings") or ()),
        files={str(item["path"]): item["contents"] for item in response.get("outputFiles") or ()},
        inputs=tuple(
            str(plan.working_folder / name) for name in inputs if not name.startswith("(disabled):")
        ),
        metafile=metafile,
    )


def _message(item: dict[str, Any]) -> BuildMessage:
    location = item.get("location") or {}
    return BuildMessage(
        id=item.get("id") or "",
        text=item["text"],
        file=location.get("file"),
        line=location.get("line"),
        column=location.get("column"),
        line_text=location.get("lineText"),
        notes=tuple(note["text"] for note in item.get("notes") or ()),
    )
