"""One synth: a process with everything loaded, waiting for the command; it runs the app once and ends.

A process serves one synth only. The CDK keeps state in Python and in Node (asset caches, registries, the types that
were loaded), so a second app in the same process would not get exactly what a fresh one gets.
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
from typing import Any

from sundog.constructs.synth_worker.app_error import describe
from sundog.constructs.synth_worker.app_run import run_app
from sundog.constructs.synth_worker.deferred import (
    DeferredKernel,
    HiddenModules,
    imported_for_cdk,
    resolved_type_hints,
)
from sundog.constructs.synth_worker.environment import (
    EnvironmentRecorder,
    current_environment,
    replace_environment,
)
from sundog.constructs.synth_worker.node import NodeKernel, NodeMissing
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
        self._recorder = Recorder(
            [*_installation(), str(self._channel), command["outdir"], *command["ignored"]]
        )
        self._recorder.note_file(app_file, None)
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
        recorder = self._recorder
        modules: list[str] = []
        synced = False
        for kind, value in self._node.log():
            synced = synced or kind == "synced"
            if kind == "modules":
                modules = value
            elif kind == "env" and (synced or value in self._preload_reads):
                self._environment.read.add(value)
            elif synced:
                _NODE_NOTES.get(kind, _ignore)(recorder, value)
        return {
            "files": recorder.files,
            "bundle_files": recorder.bundle_files,
            "written": sorted(recorder.written),
            "looked_at": sorted(recorder.looked_at),
            "missing": sorted(recorder.missing),
            "directories": sorted(recorder.directories),
            "bundle_directories": sorted(recorder.bundle_directories),
            "searched": recorder.searched(),
            "environment": sorted((self._environment.read | self._preload_reads) - self._environment.own),
            "external": sorted(recorder.external),
            "python_modules": imported_for_cdk(),
            "type_hints": resolved_type_hints(),
            "node_modules": modules,
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


def _note_look(recorder: Recorder, path: str) -> None:
    if not recorder.is_ignored(path):
        recorder.looked_at.add(path)


def _note_list(recorder: Recorder, path: str) -> None:
    if not recorder.is_ignored(f"{path}{os.sep}"):
        recorder.directories.add(path)


def _note_tree(recorder: Recorder, path: str) -> None:
    for folder, _, files in os.walk(path):
        _note_list(recorder, folder)
        for file in files:
            recorder.note_file(os.path.join(folder, file), None)  # noqa: PTH118 - names, not paths


def _note_file(recorder: Recorder, value: list[Any]) -> None:
    path, stamp = value
    recorder.note_file(path, None if stamp is None else [int(part) for part in stamp])


def _note_write(recorder: Recorder, path: str) -> None:
    if path not in recorder.files:
        recorder.written.add(path)


def _note_external(recorder: Recorder, what: str) -> None:
    recorder.external.add(what)


def _ignore(_recorder: Recorder, _value: object) -> None:
    """Leave out what is no input."""


_NODE_NOTES: dict[str, Callable[[Recorder, Any], None]] = {
    "file": _note_file,
    "list": _note_list,
    "tree": _note_tree,
    "look": _note_look,
    "write": _note_write,
    "external": _note_external,
}


def serve_one(
    runner: Runner, prepare: Message, receive: Callable[[], Message | None], send: Callable[[Message], None]
) -> None:
    """Prepare, wait for the command, run, report, end without leaving anything behind."""
    ready = runner.prepare(prepare)
    send(ready)
    if ready["event"] != "ready":
        return
    command = receive()
    if command is None:
        return
    message = runner.run(command)
    result = Path(prepare["channel"]) / "result.json"
    result.write_text(json.dumps(message), "utf-8", "surrogateescape")
    send({"event": message["event"]})


def end_group() -> None:
    """End this process, its Node child and whatever the app started, at once."""
    os.killpg(os.getpgrp(), signal.SIGKILL)
