"""One synth: a process with everything loaded, waiting for the command; it runs the app once and ends.

Python serves one synth only: what modules keep, of the app or of libraries, does not reach the next one. Node may have
run the app before, in a *rehearsal*, because its code is twice as fast the second time. A rehearsal runs in a fork of this
process, talks to the same Node, and leaves nothing here. What that can change in the templates is for
`sundog.deploy.synth.rehearsals` to watch.
"""

from __future__ import annotations

import json
import os
import signal
import site
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from sundog.constructs.synth_worker.app_error import describe
from sundog.constructs.synth_worker.app_run import run_app
from sundog.constructs.synth_worker.deferred import (
    DeferredKernel,
    HiddenModules,
    imported_for_app,
    resolved_type_hints,
)
from sundog.constructs.synth_worker.direct_process import end_with_parent
from sundog.constructs.synth_worker.environment import (
    EnvironmentRecorder,
    current_environment,
    replace_environment,
)
from sundog.constructs.synth_worker.node import NOT_REHEARSED, NodeKernel, NodeMissing
from sundog.constructs.synth_worker.node_notes import record_node
from sundog.constructs.synth_worker.recorder import Recorder, Stamp, stamp

Message = dict[str, Any]


class Runner:
    """Prepares the kernel, runs one app, reports."""

    def __init__(self, deferred: DeferredKernel, preload_reads: set[str]) -> None:
        """Take over what the parent process has loaded.

        Args:
            deferred: The assemblies that the imports asked for.
            preload_reads: Environment variables that were read while importing.
        """
        self._deferred = deferred
        self._preload_reads = preload_reads
        self._environment = EnvironmentRecorder()

    def prepare(self, command: Message) -> Message:
        """Start Node as the next synth will probably need it; return the `ready` or `failed` message."""
        started = time.perf_counter()
        self._channel = Path(command["channel"])
        os.chdir(command["cwd"])
        cache = Path(command["cache"]) if command["cache"] else None
        self._node = NodeKernel(self._deferred, self._channel, cache)
        try:
            self._node.start(command["environment"], command["node_modules"])
        except NodeMissing as error:
            return {"event": "failed", "reason": "node_missing", "program": str(error)}
        except Exception as error:  # noqa: BLE001 - whatever stops Node is told to the parent as data
            return {"event": "failed", "reason": "node_failed", "message": f"{type(error).__name__}: {error}"}
        self._hidden = HiddenModules(self._on_import)
        return {"event": "ready", "pid": os.getpid(), "prepare_ms": (time.perf_counter() - started) * 1000}

    def rehearse(self, command: Message) -> Message:
        """Run the app in a fork of this process, so that Node has compiled and optimised what the next run needs.

        Args:
            command: As for `run`. What the app writes is left in the output folder.

        Returns:
            The `rehearsed` message: whether the app ended well, and what Node read for it. After one that did not,
            Node is in no known state.
        """
        child = os.fork()
        if child == 0:
            self._rehearse_and_exit(command)
        _, status = os.waitpid(child, 0)
        os.truncate(self._channel / "output.log", 0)
        if status:
            return {"event": "rehearsed", "ok": False}
        self._node.environment = json.loads(self._rehearsed_environment.read_text("utf-8"))
        recorder = self._new_recorder(command)
        record_node(recorder, self._node.log())
        return {"event": "rehearsed", "ok": True, "record": _seen(recorder)}

    def _rehearse_and_exit(self, command: Message) -> NoReturn:
        status = NOT_REHEARSED
        try:
            end_with_parent()
            self._node.is_rehearsing = True
            message = self.run(command)
            if message["event"] == "finished" and message["error"] is None:
                self._rehearsed_environment.write_text(json.dumps(dict(self._node.environment)), "utf-8")
                status = 0
        finally:
            os._exit(status)

    def run(self, command: Message) -> Message:
        """Run the app and return the `finished` message."""
        app_file: str = command["app_file"]
        folder = Path(app_file).parent
        shadowed = self._shadowed(folder)
        if shadowed and not command["cold"]:
            return {"event": "shadowed", "modules": shadowed}
        replace_environment(command["environment"])
        os.chdir(command["cwd"])
        self._forget_shadowed(shadowed)
        self._recorder = self._new_recorder(command)
        self._recorder.note_file(app_file, stamp(app_file))
        output = os.open(self._channel / "output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._environment.start()
        self._recorder.start()
        # What is loaded is not looked for, but a fresh process would look for it beside the app first.
        for name in self._loaded():
            if not self._cannot_be_shadowed(folder, name):
                self._recorder.note_search(name, [str(folder)])
        started = time.perf_counter()
        error: Message | None = None
        try:
            run_app(app_file, command["arguments"], output, self._recorder.pause)
        except BaseException as raised:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of the app included
            error = describe(raised, app_file)
        duration = (time.perf_counter() - started) * 1000
        self._recorder.pause()
        self._environment.stop()
        return {
            "event": "finished",
            "error": error,
            "run_ms": duration,
            "record": self._record(ok=error is None),
        }

    @property
    def _rehearsed_environment(self) -> Path:
        return self._channel / "rehearsed.json"

    def _new_recorder(self, command: Message) -> Recorder:
        return Recorder([*_installation(), str(self._channel), command["outdir"], *command["ignored"]])

    def _on_import(self) -> None:
        with self._unrecorded():
            self._node.sync(current_environment())

    @contextmanager
    def _unrecorded(self) -> Iterator[None]:
        self._recorder.pause()
        self._environment.stop()
        try:
            yield
        finally:
            self._recorder.resume()
            self._environment.start()

    def _record(self, *, ok: bool) -> Message:
        if ok and not self._hidden.modules:
            self._deferred.kernel.stats()  # lets the hook note the modules it loaded
        notes = self._node.log()
        record_node(self._recorder, notes)
        first = next((index for index, (kind, _) in enumerate(notes) if kind == "synced"), len(notes))
        self._environment.read.update(
            value
            for index, (kind, value) in enumerate(notes)
            if kind == "env" and (index > first or value in self._preload_reads)
        )
        return {
            **_seen(self._recorder),
            "searched": self._recorder.searched(),
            "environment": sorted((self._environment.read | self._preload_reads) - self._environment.own),
            "python_modules": imported_for_app(),
            "type_hints": resolved_type_hints(),
            "node_modules": next((value for kind, value in reversed(notes) if kind == "modules"), []),
            "installation": _site_folders(),
        }

    def _shadowed(self, folder: Path) -> list[str]:
        """Return the loaded modules that a file beside the app would have been imported in place of."""
        try:
            entries = os.listdir(folder)  # noqa: PTH208 - names, not paths
        except OSError:
            return []
        stems = {entry.partition(".")[0] for entry in entries}
        return sorted(
            name
            for name in stems & self._loaded()
            if _is_module(folder, name, entries) and not self._cannot_be_shadowed(folder, name)
        )

    def _loaded(self) -> set[str]:
        loaded = {name.partition(".")[0] for name in [*sys.modules, *self._hidden.modules]}
        return loaded - {"__main__", "encodings"}

    def _cannot_be_shadowed(self, folder: Path, name: str) -> bool:
        """Whether a module is part of the interpreter, or is that very file."""
        module = sys.modules.get(name) or self._hidden.modules.get(name)
        spec = getattr(module, "__spec__", None)
        if spec is None or spec.origin in {"built-in", "frozen"}:
            return True
        return spec.origin is not None and Path(spec.origin).parent in {folder, folder / name}

    def _forget_shadowed(self, names: list[str]) -> None:
        if not names:
            return
        for name in list(sys.modules):
            if name.partition(".")[0] in names:
                del sys.modules[name]
        self._hidden.forget()


def _seen(recorder: Recorder) -> Message:
    return {
        "files": recorder.files,
        "bundle_files": recorder.bundle_files,
        "written": sorted(recorder.written),
        "looked_at": sorted(recorder.looked_at),
        "missing": sorted(recorder.missing),
        "directories": sorted(recorder.directories),
        "bundle_directories": sorted(recorder.bundle_directories),
        "external": sorted(recorder.external),
    }


def _is_module(folder: Path, name: str, entries: list[str]) -> bool:
    if (folder / name).is_dir():
        # A folder without __init__.py is found only when nothing else has the name.
        return any((folder / name / f"__init__{suffix}").exists() for suffix in (".py", ".pyc", ".so"))
    return any(entry.startswith(f"{name}.") and entry.endswith((".py", ".so", ".pyc")) for entry in entries)


def _site_folders() -> list[str]:
    paths = sysconfig.get_paths()
    folders = [paths["purelib"], paths["platlib"], *site.getsitepackages()]
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return sorted({folder for folder in folders if os.path.isdir(folder)})  # noqa: PTH112 - a plain list of names


def _installation() -> list[str]:
    paths = sysconfig.get_paths()
    return sorted(
        {paths["stdlib"], paths["platstdlib"], *_site_folders(), *(p for p in sys.path if p.endswith(".zip"))}
    )


def editable_files() -> dict[str, Stamp]:
    """Return the stamps of the imported files that are not part of the installation."""
    outside = Recorder(_installation())
    files = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
    stamps = {file: stamp(file) for file in files if file is not None and not outside.is_ignored(file)}
    return {file: found for file, found in stamps.items() if found is not None}


def serve_one(
    runner: Runner, prepare: Message, receive: Callable[[], Message | None], send: Callable[[Message], None]
) -> None:
    """Prepare, rehearse when asked to, wait for the command, run, report, end without leaving anything behind."""
    ready = runner.prepare(prepare)
    send(ready)
    if ready["event"] != "ready":
        return
    while (command := receive()) is not None:
        if "rehearse" in command:
            send(runner.rehearse(command["rehearse"]))
        elif "run" in command:
            message = runner.run(command["run"])
            result = Path(prepare["channel"]) / "result.json"
            result.write_text(json.dumps(message), "utf-8", "surrogateescape")
            send({"event": message["event"]})
            return


def end_group() -> None:
    """End this process, its Node child and whatever the app started, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
