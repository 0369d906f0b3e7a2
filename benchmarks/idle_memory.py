"""What a session with 50 functions holds in memory while nothing happens, besides the emulator.

Proportional set size of all processes below `sundog dev`: pages that a zygote shares with its workers count once.
Measured twice: soon after the start, when everything for the next infrastructure edit waits in memory, and when nothing was
edited for a few minutes, which is what idle means.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from benchmarks import handlers
from benchmarks.client import until_answers
from benchmarks.context import Context
from benchmarks.measure import Result, at_most
from benchmarks.sessions import developing, write_app

FUNCTIONS = 50
APP = f"""\
from sundog import Api, App

app = App()


@app.stack
def backend(stack):
    routes = {{f"GET /{{number}}": f"handlers/function_{{number}}.index" for number in range({FUNCTIONS})}}
    api = Api(stack, "api", routes=routes)
    stack.outputs(ApiUrl=api.url)


app.synth()
"""
SETTLE_SECONDS = 30
"""Until what runs in the background after a start, as the check of the templates, has ended."""
IDLE_SECONDS = 240
"""A minute longer than `node_idle_seconds` of the synth service, which counts from when everything is loaded."""


def measure(context: Context) -> list[Result]:
    root = write_app(context.folder / "many", name="many", app=APP)
    (root / "handlers").mkdir()
    for number in range(FUNCTIONS):
        handlers.save(root / "handlers" / f"function_{number}.py", handlers.LAMBDA, number)
    with developing(root) as session:
        until_answers(session.output("ApiUrl").rstrip("/") + "/0", handlers.answer(0), deadline_seconds=60)
        time.sleep(SETTLE_SECONDS)
        started = _sample(context, session.process_id, "sundog, soon after the start")
        time.sleep(IDLE_SECONDS - SETTLE_SECONDS)
        idle = _sample(context, session.process_id, "sundog, nothing edited for three minutes")
    return [replace(idle, bars=[at_most(idle.median, 250, f"p50 < 250 MB: {idle.median:.0f} MB")]), started]


def _sample(context: Context, process_id: int, subject: str) -> Result:
    samples, parts = [], {}
    for _ in range(context.rounds):
        parts = _memory(process_id)
        samples.append(sum(size for command, size in parts.items() if command != EMULATOR))
        time.sleep(0.2)
    notes = ", ".join(
        f"{command} {size:.0f} MB" for command, size in sorted(parts.items(), key=lambda part: -part[1])
    )
    return Result(number="idle_memory", subject=subject, unit="MB", samples=samples, notes=notes)


EMULATOR = "emulator"
"""How the emulator's process is called in the notes."""
NAMES = {
    "embedded-cloud": EMULATOR,
    "sundog-synth": "synth's Node",
    "synth_worker": "synth",
    "live/worker/child": "Python workers",
    "live/node": "Node workers",
    "esbuild": "esbuild",
    "-m sundog": "sundog dev",
}
"""What a part of a command line says about whose process it is."""


def _memory(root: int) -> dict[str, float]:
    """Return megabytes by command line, summed over the processes below one."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue  # ended meanwhile
            children.setdefault(parent, []).append(int(entry.name))
    found: dict[str, float] = {}
    waiting = [root]
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        command, size = _command(process), _proportional_size(process)
        found[command] = found.get(command, 0) + size
    return found


def _command(process: int) -> str:
    line = Path(f"/proc/{process}/cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ")
    return next((name for part, name in NAMES.items() if part in line), line[:60])


def _proportional_size(process: int) -> float:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
