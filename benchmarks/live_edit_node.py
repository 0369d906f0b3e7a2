"""Save a TypeScript handler → the new code is built, loaded and ready. JSON on stdout, a table on stderr.

Run: `python benchmarks/live_edit_node.py [--rounds 40]`. Three handlers: a small one, one of 300 modules, and one with a
bundle of 1 MB. Measured from before the file is written until the session says that the environment is ready; the build's
part (esbuild and writing its output) is measured beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from sundog.bundle.esbuild_install import esbuild_binary
from sundog.live.node.factory import make_node_runner
from sundog.live.options import LiveOptions
from sundog.live.session import LiveSession
from sundog.model.events import EnvironmentReady, InitFailed
from sundog.model.functions import Credentials, DeployedFunction, Invocation
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project, Settings

HANDLER = 'import {{ mark }} from "{}";\nexport const handler = async (event: unknown): Promise<string> => mark + "{}";\n'


def write_small(root: Path) -> str:
    (root / "mark.ts").write_text('export const mark: string = "small";\n')
    return "./mark"


def write_modules(root: Path) -> str:
    folder = root / "modules"
    folder.mkdir()
    for number in range(300):
        following = (
            f'import {{ value as next }} from "./m{number + 1}";\n' if number < 299 else "const next = 0;\n"
        )
        body = "\n".join(
            f"export function f{n}(a: number): number {{ return a * {n} + next; }}" for n in range(10)
        )
        (folder / f"m{number}.ts").write_text(f"{following}{body}\nexport const value: number = next + 1;\n")
    (root / "mark.ts").write_text(
        'import { value } from "./modules/m0";\nexport const mark = String(value);\n'
    )
    return "./mark"


def write_large(root: Path) -> str:
    lines = [f'export const text{n} = () => "{"x" * 200} {n}";' for n in range(5000)]
    (root / "large.js").write_text("\n".join(lines) + "\n")
    (root / "mark.ts").write_text(
        'import * as large from "./large.js";\nexport const mark = String(Object.keys(large).length);\n'
    )
    return "./mark"


def function() -> DeployedFunction:
    entry = FunctionEntry(
        id="backend/badge", name="badge", stack="bench", logical_id="Badge", handler="badge.handler",
        runtime="nodejs24.x", language="node", source=".", file="badge.ts", function="handler",
        timeout_seconds=10, memory_mb=512,
    )  # fmt: skip
    return DeployedFunction(
        entry=entry, physical_name="badge", arn="arn:aws:lambda:eu-central-1:000000000000:function:badge",
        role_arn="arn:aws:iam::000000000000:role/bench", environment={}, log_group="/aws/lambda/badge",
    )  # fmt: skip


async def credentials(_):
    return Credentials(
        access_key_id="x", secret_access_key="x", session_token="x", expires_at=time.time() + 3600
    )


def measure(write, rounds: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(measure_in(Path(folder).resolve(), write, rounds))


async def measure_in(root: Path, write, rounds: int) -> dict[str, float]:
    imported = write(root)
    handler = root / "badge.ts"
    handler.write_text(HANDLER.format(imported, "first"))
    ready: asyncio.Queue = asyncio.Queue()
    builds: list[float] = []

    def observer(event):
        if isinstance(event, EnvironmentReady | InitFailed):
            ready.put_nowait((event, time.perf_counter()))

    def make(session):
        runner = make_node_runner(session, observer=observer)
        build = runner.build

        async def timed(function):
            outcome = await build(function)
            builds.append(outcome.duration_ms)
            return outcome

        runner.build = timed
        return runner

    project = Project(root=root, settings=Settings(name="bench"))
    session = LiveSession(
        project, project.stage("local"), observer=observer, credentials=credentials, endpoint_url=None,
        options=LiveOptions(runners={"node": make}),
    )  # fmt: skip
    totals = []
    async with session:
        await session.set_functions([function()])
        for number in range(rounds + 1):
            if number:
                await asyncio.sleep(
                    0.4
                )  # as a person saves: spares are back, the watcher has nothing left over
                started = time.perf_counter()
                handler.write_text(HANDLER.format(imported, f"round {number}"))
                event, at = await asyncio.wait_for(ready.get(), 30)
                if isinstance(event, InitFailed):
                    raise SystemExit(str(event))
                totals.append((at - started) * 1000)
            invocation = Invocation(
                function_arn="badge", physical_name="badge", request_id=f"r{number}", payload=b"{}",
                deadline=time.time() + 60,
            )  # fmt: skip
            result = await session.invoke(invocation)
            if number and f"round {number}" not in result.payload.decode():
                raise SystemExit(f"old code answered: {result.payload!r}")
            if not number:
                await asyncio.wait_for(ready.get(), 30)
    edits = builds[-rounds:]
    ours = [total - build for total, build in zip(totals, edits, strict=True)]
    return {
        "rounds": rounds,
        "total_p50_ms": statistics.median(totals),
        "total_p99_ms": sorted(totals)[int(len(totals) * 0.99)],
        "build_p50_ms": statistics.median(edits),
        "rest_p50_ms": statistics.median(ours),
        "rest_p99_ms": sorted(ours)[int(len(ours) * 0.99)],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    rounds = parser.parse_args().rounds
    esbuild_binary(lambda text: print(text, file=sys.stderr))
    cases = {"small": write_small, "300 modules": write_modules, "1 MB": write_large}
    results = {name: measure(write, rounds) for name, write in cases.items()}
    document = {
        "benchmark": "live_edit_node",
        "machine": {"system": platform.platform(), "processors": os.cpu_count(), "load": os.getloadavg()},
        "results": {
            name: {key: round(value, 2) for key, value in row.items()} for name, row in results.items()
        },
    }
    print(json.dumps(document))
    print(
        f"{'handler':<14}{'total p50':>12}{'total p99':>12}{'build p50':>12}{'rest p50':>12}{'rest p99':>12}",
        file=sys.stderr,
    )
    for name, row in results.items():
        columns = ("total_p50_ms", "total_p99_ms", "build_p50_ms", "rest_p50_ms", "rest_p99_ms")
        print(f"{name:<14}" + "".join(f"{row[column]:>9.1f} ms" for column in columns), file=sys.stderr)


if __name__ == "__main__":
    main()
