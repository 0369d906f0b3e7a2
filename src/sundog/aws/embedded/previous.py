"""Ends what a crash has left of the embedded cloud.

It ends by itself when its parent does. Should it not, because it was stopped or hangs, the next start ends it: but only
when it is certain that the noted process is that one. A process id alone is not, the system gives it to another program
later; the time at which the process started and its command tell.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from sundog.aws.embedded.environment import LAUNCHER_PACKAGE

NOTE_FILE = "process.json"
_WAIT_SECONDS = 5.0


def note_process(state_dir: Path, process_id: int) -> None:
    """Write down who runs."""
    note = {"process_id": process_id, "started": start_time(process_id)}
    temporary = state_dir / f".{NOTE_FILE}"
    temporary.write_text(json.dumps(note))
    temporary.replace(state_dir / NOTE_FILE)


def end_previous(state_dir: Path) -> bool:
    """End the process that an earlier start has noted, if it still runs, and wait until it is gone.

    Returns:
        Whether one was noted: it was not stopped in order, and may not have let go of its port yet.
    """
    file = state_dir / NOTE_FILE
    try:
        note = json.loads(file.read_text())
        process_id, started = int(note["process_id"]), str(note["started"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    if started and start_time(process_id) == started:
        command = _command(process_id)
        if LAUNCHER_PACKAGE in command:
            # Its parent may just have died, and it is saving: give it the time.
            _signal(process_id, signal.SIGTERM)
            if not _gone(process_id, started):
                _signal(process_id, signal.SIGKILL)
        if LAUNCHER_PACKAGE in command or not command:
            # A process that is just ending has no command any more, and may still hold the port.
            _gone(process_id, started)
    file.unlink(missing_ok=True)
    return True


def start_time(process_id: int) -> str:
    """Return when a process started, in the system's own form; empty when there is no such process."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return _ps(process_id, "lstart") if not Path("/proc/self/stat").exists() else ""
    # The command, in parentheses, may contain anything; the fields after it count from the third.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _command(process_id: int) -> str:
    try:
        return Path(f"/proc/{process_id}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return _ps(process_id, "command")


def _ps(process_id: int, column: str) -> str:
    finished = subprocess.run(
        ["ps", "-o", f"{column}=", "-p", str(process_id)], capture_output=True, text=True, check=False
    )
    return finished.stdout.strip()


def _gone(process_id: int, started: str) -> bool:
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        if start_time(process_id) != started:
            return True
        time.sleep(0.02)
    return False


def _signal(process_id: int, number: signal.Signals) -> None:
    try:
        os.killpg(process_id, number)
    except ProcessLookupError:
        return
