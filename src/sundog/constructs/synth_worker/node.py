"""The Node process of one synth: started before it is needed, perhaps rehearsed, told the app's environment when it runs.

`node_hook.cjs`, loaded into it, does the other half.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sundog.constructs.synth_worker.deferred import DeferredKernel
from sundog.constructs.synth_worker.direct_process import starting_directly
from sundog.constructs.synth_worker.environment import current_environment, replace_environment

_HOOK = Path(__file__).with_name("node_hook.cjs")
NOT_REHEARSED = 1
"""Exit status of a rehearsal that came to nothing."""
_OURS = ("NODE_OPTIONS", "SUNDOG_SYNTH_CHANNEL", "TMPDIR", "JSII_AGENT")


class NodeMissing(Exception):
    """Node could not be started."""


class NodeKernel:
    """The kernel's Node process and the channel to its hook."""

    def __init__(self, deferred: DeferredKernel, channel: Path, cache: Path | None) -> None:
        """Describe a process that is not started yet.

        Args:
            deferred: What is to be loaded into it.
            channel: A private folder for the exchange with the hook; removed by the parent.
            cache: Where jsii keeps the unpacked assemblies; None leaves that to jsii.
        """
        self._deferred = deferred
        self._channel = channel
        self._cache = cache
        self._modules: Sequence[str] = ()
        self.environment: Mapping[str, str] = {}
        """What Node was given last."""
        self.is_rehearsing = False
        """Whether this process is the fork that rehearses: then Node belongs to the process that it was forked from."""

    def start(self, environment: Mapping[str, str], modules: Sequence[str]) -> None:
        """Start Node, load the assemblies and the JavaScript modules that the app will probably use."""
        self.environment, self._modules = environment, modules
        self._run(self._deferred.attach)

    def sync(self, environment: Mapping[str, str]) -> None:
        """Let the next request be served with this environment, in the current folder.

        A module of the CDK may have read a variable when it was loaded, or when the app was rehearsed. When that one
        has another value now, the process is replaced: slower, and right. A rehearsal ends there.
        """
        read = {value for kind, value in self.log() if kind == "env" and value not in _OURS}
        different = any(environment.get(name) != self.environment.get(name) for name in read)
        self.environment = environment
        if different:
            if self.is_rehearsing:
                os._exit(NOT_REHEARSED)
            self._run(self._deferred.restart)
        self._write("sync.json", {"environment": dict(environment), "cwd": os.getcwd()})  # noqa: PTH109

    def log(self) -> list[tuple[str, Any]]:
        """Return what the hook noted."""
        try:
            text = (self._channel / "node.log").read_text("utf-8", "surrogateescape")
        except FileNotFoundError:
            return []
        return [
            (kind, json.loads(value))
            for kind, _, value in (line.partition(" ") for line in text.splitlines())
        ]

    def _run(self, start: Callable[[], None]) -> None:
        before = current_environment()
        temporary = self._channel / "tmp"
        temporary.mkdir(exist_ok=True)
        replace_environment({**self.environment, **self._additions(temporary)})
        tempfile.tempdir = str(temporary)
        try:
            program = self.environment.get("JSII_NODE", "node")
            if shutil.which(program, path=self.environment.get("PATH")) is None:
                raise NodeMissing(program)
            with starting_directly(self._channel / "output.log"):
                start()
            if self._modules:
                self._write("preload.json", list(self._modules))
                self._deferred.kernel.stats()
        finally:
            replace_environment(before)
            tempfile.tempdir = None

    def _additions(self, temporary: Path) -> dict[str, str]:
        options = f"{self.environment.get('NODE_OPTIONS', '')} --require {json.dumps(str(_HOOK))}"
        additions = {
            "NODE_OPTIONS": options.strip(),
            "SUNDOG_SYNTH_CHANNEL": str(self._channel),
            "TMPDIR": str(temporary),
        }
        if self._cache is not None and "JSII_RUNTIME_PACKAGE_CACHE_ROOT" not in self.environment:
            additions["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(self._cache / "jsii")
        return additions

    def _write(self, name: str, content: object) -> None:
        # Node looks for the file at any moment: it must be whole when it is there.
        partial = self._channel / f"{name}.partial"
        partial.write_text(json.dumps(content), "utf-8")
        partial.replace(self._channel / name)
