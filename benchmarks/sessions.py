"""`sundog dev` on an app, for as long as a block runs."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from benchmarks.children import running

EXAMPLE = Path(__file__).parent.parent / "examples" / "notes"

SETTINGS = Template("""\
[project]
name = "$name"
version = "0"

[tool.sundog]
name = "$name"
python = "$python"
""")


class NotReady(Exception):
    """`sundog dev` ended, or did not get ready in time; the message has its output."""


@dataclass(frozen=True, kw_only=True)
class Session:
    """A running `sundog dev`."""

    root: Path
    process_id: int
    log: Path
    ready: dict[str, Any]
    """The event `SessionReady` as `--json` printed it."""
    start_seconds: float
    """From starting the process to the event."""

    @property
    def endpoint_url(self) -> str:
        """Where the embedded cloud listens."""
        return str(self.ready["endpoint_url"])

    def output(self, name: str) -> str:
        """Return a stack output by its name."""
        for outputs in self.ready["outputs"].values():
            if name in outputs:
                return str(outputs[name])
        raise KeyError(name)

    def events(self) -> list[dict[str, Any]]:
        """Return what the session has printed up to now."""
        return read_events(self.log)


def copy_example(folder: Path) -> Path:
    """Copy the notes example without what a session left in it."""
    shutil.copytree(
        EXAMPLE, folder, ignore=shutil.ignore_patterns(".sundog", "cdk.out", "__pycache__", "tests")
    )
    return folder


def write_app(folder: Path, *, name: str, app: str) -> Path:
    """Write a small app whose handlers run in this interpreter."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS.substitute(name=name, python=sys.executable), "utf-8")
    (folder / "app.py").write_text(app, "utf-8")
    return folder


def sundog(*arguments: str) -> list[str]:
    """Return the command line of a sundog command."""
    return [sys.executable, "-m", "sundog", *arguments]


@contextmanager
def developing(root: Path, *, deadline_seconds: float = 120) -> Iterator[Session]:
    """Run `sundog dev --json` in a project until the block ends.

    Raises:
        NotReady: It did not serve in time.
    """
    log = root.with_name(root.name + ".log")
    started = time.monotonic()
    with running(sundog("dev", "--json"), cwd=root, log=log) as process:
        deadline = started + deadline_seconds
        while time.monotonic() < deadline and process.poll() is None:
            ready = [event for event in read_events(log) if event.get("type") == "SessionReady"]
            if ready:
                elapsed = time.monotonic() - started
                yield Session(
                    root=root, process_id=process.pid, log=log, ready=ready[0], start_seconds=elapsed
                )
                return
            time.sleep(0.005)
        text = log.read_text("utf-8", "replace")
        raise NotReady(f"`sundog dev` in {root} was not ready after {deadline_seconds} s:\n{text}")


def read_events(log: Path) -> list[dict[str, Any]]:
    """Return the complete JSON lines of a log; what is not JSON is talk on stderr."""
    complete, _, _ = log.read_bytes().rpartition(b"\n")
    return [json.loads(line) for line in complete.splitlines() if line.startswith(b"{")]
