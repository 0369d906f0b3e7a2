"""Which Node runs a function: one of the major version its runtime names, when there is one on this machine."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_RUNTIME = re.compile(r"nodejs(\d+)\.x")

# Where version managers keep what they install, relative to the home folder; `{major}` is the wanted version.
_MANAGED = (
    ".nvm/versions/node/v{major}.*/bin/node",
    ".local/share/fnm/node-versions/v{major}.*/installation/bin/node",
    "Library/Application Support/fnm/node-versions/v{major}.*/installation/bin/node",
    ".volta/tools/image/node/{major}.*/bin/node",
    ".asdf/installs/nodejs/{major}.*/bin/node",
    ".local/share/mise/installs/node/{major}.*/bin/node",
    ".nodenv/versions/{major}.*/bin/node",
    ".n/n/versions/node/{major}.*/bin/node",
)
_SYSTEM = (
    "/opt/homebrew/opt/node@{major}/bin/node",
    "/usr/local/opt/node@{major}/bin/node",
    "/usr/local/n/versions/node/{major}.*/bin/node",
)


@dataclass(frozen=True, kw_only=True)
class NodeChoice:
    """The Node of a function, and what its user should know about it."""

    binary: Path
    notice: str | None = None
    fix: str | None = None


class NodeFinder:
    """Chooses a Node for each runtime, and looks only once."""

    def __init__(self, bundled: Path, bundled_major: int, environ: Mapping[str, str]) -> None:
        """Prepare a finder.

        Args:
            bundled: The Node that comes with sundog.
            bundled_major: Its major version.
            environ: Where `PATH` and `HOME` come from.
        """
        self._bundled = bundled
        self._bundled_major = bundled_major
        self._environ = environ
        self._chosen: dict[str, NodeChoice] = {}

    def chosen(self, runtime: str) -> NodeChoice | None:
        """Return what was chosen for a runtime; None when that takes a look at the disk."""
        return self._chosen.get(runtime)

    def choose(self, runtime: str) -> NodeChoice:
        """Return the Node for a Lambda runtime such as `nodejs22.x`."""
        if runtime not in self._chosen:
            self._chosen[runtime] = self._look(runtime)
        return self._chosen[runtime]

    def _look(self, runtime: str) -> NodeChoice:
        match = _RUNTIME.fullmatch(runtime)
        major = int(match[1]) if match else self._bundled_major
        if major == self._bundled_major:
            return NodeChoice(binary=self._bundled)
        for candidate in self._candidates(major):
            if node_major(candidate) == major:
                return NodeChoice(binary=candidate)
        return NodeChoice(
            binary=self._bundled,
            notice=f"functions of runtime `{runtime}` run in Node {self._bundled_major}, which comes with sundog:"
            f" Node {major} is not installed",
            fix=f"install Node {major}, or set the functions' runtime to `nodejs{self._bundled_major}.x`",
        )

    def _candidates(self, major: int) -> Iterator[Path]:
        for folder in self._environ.get("PATH", "").split(":"):
            if folder and (Path(folder) / "node").is_file():
                yield Path(folder) / "node"
        home = Path(self._environ.get("HOME", "/"))
        for pattern in _MANAGED:
            yield from sorted(home.glob(pattern.format(major=major)), key=_version_order, reverse=True)
        for pattern in _SYSTEM:
            absolute = pattern.format(major=major)
            yield from sorted(Path("/").glob(absolute.lstrip("/")), reverse=True)


def node_major(binary: Path) -> int | None:
    """Return the major version of a Node executable, None when it is not one."""
    try:
        finished = subprocess.run(
            [str(binary), "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"v(\d+)\.", finished.stdout)
    return int(match[1]) if match else None


def _version_order(path: Path) -> tuple[int, ...]:
    numbers = re.search(r"v?(\d+)\.(\d+)\.(\d+)", str(path))
    return tuple(int(part) for part in numbers.groups()) if numbers else ()
