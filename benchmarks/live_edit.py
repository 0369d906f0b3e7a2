"""Save a Python handler that imports boto3: how long until the new code is imported and ready; and a warm invocation.

Prints one JSON object. `save_ready_ms` is measured by the one who saves: from the return of the write to the event that
says the new environment waits; the file system's notice, the fork and the import are all in it.

    python benchmarks/live_edit.py [--rounds 60] [--start-method fork|spawn]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
import uuid
from pathlib import Path

from sundog.live.options import LiveOptions
from sundog.live.session import LiveSession
from sundog.model.events import EnvironmentReady, Event
from sundog.model.functions import Credentials, DeployedFunction, Invocation
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Project, Settings

SOURCE = """import boto3

VERSION = {version}


def handler(event, context):
    return VERSION
"""


def function() -> DeployedFunction:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    entry = FunctionEntry(
        id="backend/notes",
        name="notes",
        stack="local-bench-backend",
        logical_id="Notes",
        handler="functions/notes.handler",
        runtime=f"python{version}",
        language="python",
        source=".",
        file="functions/notes.py",
        function="handler",
        timeout_seconds=10,
        memory_mb=512,
    )
    return DeployedFunction(
        entry=entry,
        physical_name="local-bench-notes",
        arn="arn:aws:lambda:us-east-1:000000000000:function:local-bench-notes",
        role_arn="arn:aws:iam::000000000000:role/notes",
        environment={},
        log_group="/aws/lambda/local-bench-notes",
    )


async def credentials(deployed: DeployedFunction) -> Credentials:
    return Credentials(
        access_key_id="x", secret_access_key="x", session_token="x", expires_at=time.time() + 3600
    )


def invocation(payload: bytes = b"{}") -> Invocation:
    return Invocation(
        function_arn="arn:aws:lambda:us-east-1:000000000000:function:local-bench-notes",
        physical_name="local-bench-notes",
        request_id=str(uuid.uuid4()),
        payload=payload,
        deadline=time.time() + 10,
    )


def quantiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(ordered[len(ordered) // 2], 2),
        "p99": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 2),
        "max": round(ordered[-1], 2),
        "rounds": len(ordered),
    }


async def measure(root: Path, rounds: int, start_method: str) -> dict[str, object]:
    ready = asyncio.Event()
    seen: list[EnvironmentReady] = []

    def observe(event: Event) -> None:
        if isinstance(event, EnvironmentReady):
            seen.append(event)
            ready.set()

    file = root / "functions" / "notes.py"
    file.parent.mkdir(parents=True)
    file.write_text(SOURCE.format(version=0))
    project = Project(root=root, settings=Settings(name="bench", python=sys.executable))
    session = LiveSession(
        project,
        project.stage(None),
        observer=observe,
        credentials=credentials,
        endpoint_url=None,
        options=LiveOptions(start_method=start_method),
    )
    async with session:
        await session.set_functions([function()])
        begun = time.perf_counter()
        await session.invoke(invocation())
        first_ms = (time.perf_counter() - begun) * 1000
        # The first worker has reported what it imports; the zygote imports it now.
        await asyncio.sleep(2)
        saves, notices, warm = [], [], []
        for version in range(1, rounds + 1):
            ready.clear()
            file.write_text(SOURCE.format(version=version))
            begun = time.perf_counter()
            await asyncio.wait_for(ready.wait(), 10)
            saves.append((time.perf_counter() - begun) * 1000)
            notices.append(seen[-1].since_edit_ms or 0.0)
            answer = await session.invoke(invocation())
            assert answer.payload == str(version).encode(), answer
            await asyncio.sleep(0.2)
        for _ in range(500):
            begun = time.perf_counter()
            await session.invoke(invocation())
            warm.append((time.perf_counter() - begun) * 1000)
    return {
        "save_ready_ms": quantiles(saves),
        "notice_ready_ms": quantiles(notices),
        "warm_invoke_ms": quantiles(warm),
        "first_invoke_ms": round(first_ms, 1),
        "start_method": start_method,
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores, {platform.platform()}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--start-method", choices=["fork", "spawn"], default="fork")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(measure(Path(folder).resolve(), options.rounds, options.start_method))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
