"""An app of 200 functions: synthesized with nothing loaded, and in the warm process after an edit."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import anyio

from benchmarks.context import Context
from benchmarks.measure import Result, at_most
from benchmarks.sessions import write_app
from sundog.deploy.synth.service import SynthService
from sundog.deploy.synth.worker import SynthWorker
from sundog.model.project import find_project

STACKS = 4
ROUTES = 50
APP = f"""\
from sundog import Api, App, Table

app = App()


@app.stack
def storage(stack):
    return Table(stack, "notes", partition_key=("id", "string"))


for number in range({STACKS}):

    @app.stack(id=f"part{{number}}")
    def part(stack, number=number):
        routes = {{f"GET /{{number}}/{{route}}": f"handlers/part.f{{number * {ROUTES} + route}}" for route in range({ROUTES})}}
        Api(stack, f"api{{number}}", bind=[app.use(storage)], routes=routes)


app.synth()
"""
HANDLER = "def f{number}(event, context):\n    return {number}\n"
MOST_ROUNDS = 10
"""A cold synth takes seconds: ten tell as much as thirty."""


def measure(context: Context) -> list[Result]:
    rounds = min(context.rounds, MOST_ROUNDS)
    root = write_app(context.folder / "large", name="large", app=APP)
    (root / "handlers").mkdir()
    handlers = "\n\n".join(HANDLER.format(number=number) for number in range(STACKS * ROUTES))
    (root / "handlers" / "part.py").write_text(handlers, "utf-8")
    cold, warm = anyio.run(_measure, root, rounds)
    first = Result(number="large_synth", subject="sundog, cold", unit="s", samples=cold)
    second = Result(number="large_synth", subject="sundog, warm", unit="s", samples=warm)
    return [
        replace(first, bars=[at_most(first.median, 20, f"p50 < 20 s: {first.median:.1f} s")]),
        replace(second, bars=[at_most(second.median, 8, f"p50 < 8 s: {second.median:.1f} s")]),
    ]


async def _measure(root: Path, rounds: int) -> tuple[list[float], list[float]]:
    cold = [await _cold(root) for _ in range(rounds)]
    warm = []
    async with SynthService(find_project(root), lambda _event: None).running() as service:
        await _synth(service, root, 0)
        for number in range(1, rounds + 1):
            await service.get_ready(find_project(root).stage(None))  # in a session, while nobody waits
            warm.append(await _synth(service, root, number))
    return cold, warm


async def _cold(root: Path) -> float:
    """Synthesize in a process that was not started before, after an edit, so that nothing remembered can help."""
    worker = SynthWorker(python=sys.executable, fork=sys.platform == "linux")
    service = SynthService(find_project(root), lambda _event: None, worker=worker)
    try:
        return await _synth(service, root, time.monotonic_ns())
    finally:
        await worker.close()


async def _synth(service: SynthService, root: Path, number: int) -> float:
    app = root / "app.py"
    text = app.read_text("utf-8").partition("# edit")[0]
    app.write_text(f"{text}# edit {number}\n", "utf-8")
    started = time.perf_counter()
    result = await service.synth(find_project(root).stage(None), mode="dev", reason="benchmark")
    seconds = time.perf_counter() - started
    if len(result.manifest.functions) != STACKS * ROUTES:
        raise AssertionError(f"{len(result.manifest.functions)} functions were synthesized")
    return seconds
