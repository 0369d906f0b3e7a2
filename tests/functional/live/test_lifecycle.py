from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sundog.live.worker.supervisor_link import START_FILE

from .conftest import Live, live_session

pytestmark = pytest.mark.anyio

SLEEPER = (
    "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return [event, os.getpid()]\n"
)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


async def left_of(pids: list[int]) -> list[int]:
    """Return which processes still run, after the moment in which the system ends those that were killed."""
    for _ in range(400):
        if not any(alive(pid) for pid in pids):
            break
        await asyncio.sleep(0.01)
    return [pid for pid in pids if alive(pid)]


async def end_idle(live: Live) -> None:
    await live.until(
        lambda: all(one.state == "idle" for one in live.session.environments), "idle environments"
    )
    for pool in live.session.pools:
        pool.end_idle(1e12)


async def test_fifty_concurrent_requests_run_in_fifty_environments(live: Live) -> None:
    # Each waits for all others, so that fifty really run at once however busy the machine is.
    (live.root / "here").mkdir()
    await live.handler(
        "import os, pathlib, time\n"
        "def handler(event, context):\n"
        "    here = pathlib.Path('here')\n"
        "    (here / str(event)).touch()\n"
        "    while len(list(here.iterdir())) < 50:\n"
        "        time.sleep(0.05)\n"
        "    return [event, os.getpid()]\n",
        timeout_seconds=120,
    )
    answers = await asyncio.gather(*(live.answer(number) for number in range(50)))

    assert [answer[0] for answer in answers] == list(range(50))
    assert len({answer[1] for answer in answers}) == 50


async def test_requests_over_the_limit_wait_in_order(tmp_path: Path) -> None:
    async with live_session(tmp_path, max_environments=2) as live:
        await live.handler(SLEEPER)
        answers = await asyncio.gather(*(live.answer(number) for number in range(6)))

    assert [answer[0] for answer in answers] == list(range(6))
    assert len({answer[1] for answer in answers}) == 2


async def test_sequential_requests_share_one_environment(live: Live) -> None:
    await live.handler("import os\ndef handler(event, context):\n    return os.getpid()\n")
    pids = {await live.answer() for _ in range(50)}

    assert len(pids) == 1
    assert [finished.init_ms is not None for finished in live.finished] == [True] + [False] * 49


async def test_killed_zygote_is_started_again(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return 1\n")
    await live.answer()
    zygote = next(iter(live.session.python.zygotes.values()))
    first = zygote.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await live.until(lambda: zygote.pid not in {None, first}, "another zygote")
    # Its children end with it, and one that has been given a request by then answers with an error.
    await live.until(lambda: live.stopped, "the end of the environment")

    assert await live.answer() == 1


async def test_idle_environments_end(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return 1\n")
    await live.answer()
    await end_idle(live)
    await live.until(lambda: live.stopped, "the end of the environment")

    assert live.stopped[0].reason == "idle"
    assert await live.answer() == 1


async def test_children_of_a_handler_end_with_its_environment(live: Live) -> None:
    await live.handler(
        "import subprocess\ndef handler(event, context):\n    return subprocess.Popen(['sleep', '300']).pid\n"
    )
    child = await live.answer()
    await end_idle(live)
    await live.until(lambda: not alive(child), "the end of the handler's child")

    assert not alive(child)


async def test_session_leaves_no_process_behind(tmp_path: Path) -> None:
    async with live_session(tmp_path) as live:
        await live.handler(
            "import os\ndef handler(event, context):\n    return [os.getpid(), os.getppid()]\n"
        )
        pids = await live.answer()

    assert [pid for pid in pids if alive(pid)] == []


async def test_a_session_killed_before_it_read_all_reports_leaves_no_process_behind() -> None:
    session, theirs = socket.socketpair()
    told, written = os.pipe()
    options = json.dumps({"mode": "spawn", "parent": os.getpid()})
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", str(START_FILE), "supervisor", str(theirs.fileno()), options),
        pass_fds=[theirs.fileno()],
        start_new_session=True,
    )
    theirs.close()
    order = {"order": "spawn", "id": 1, "argv": ["sh", "-c", "sleep 300 & echo $!; wait"]}
    order |= {"environ": dict(os.environ), "cwd": "/"}
    with os.fdopen(told) as output:
        socket.send_fds(session, [json.dumps(order).encode() + b"\n"], [written, written])
        os.close(written)
        grandchild = int(await asyncio.to_thread(output.readline))

    # The report of the start is unread: the other end sees a connection that was reset, and not its end.
    session.close()
    await asyncio.wait_for(supervisor.wait(), 30)

    assert await left_of([grandchild]) == []


async def test_killed_session_leaves_no_process_behind(tmp_path: Path) -> None:
    root = tmp_path
    (root / "app.py").write_text(
        "import os, subprocess, time\ndef handler(event, context):\n"
        "    child = subprocess.Popen(['sleep', '300']).pid\n"
        "    print(os.getpid(), os.getppid(), child)\n    time.sleep(60)\n"
    )
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from pathlib import Path
from tests.functional.live.conftest import live_session, function
async def main():
    async with live_session(Path({str(root)!r})) as live:
        await live.serve(function("app.handler"))
        running = asyncio.create_task(live.invoke(request_id="r"))
        await live.until(lambda: live.lines("r"), "the process ids")
        print(live.lines("r")[0], flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""
    session = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert session.stdout is not None
    assert session.stderr is not None
    line = await asyncio.wait_for(session.stdout.readline(), 30)
    pids = [int(text) for text in line.split()]
    session.kill()
    await session.communicate()

    assert len(pids) == 3, line
    assert await left_of(pids) == []


async def test_paused_deadline_lets_a_handler_take_its_time(live: Live) -> None:
    await live.handler(
        "import time\ndef handler(event, context):\n    print('began')\n    time.sleep(2.5)\n    return 'done'\n",
        timeout_seconds=2,
    )
    running = asyncio.create_task(live.answer(request_id="r-1"))
    await live.until(lambda: live.lines("r-1"), "the handler's first line")
    call = live.session.environments[0].call
    assert call is not None
    assert call.deadline is not None
    call.deadline.pause()

    assert await running == "done"


async def test_aws_own_runtime_client_runs_unchanged(tmp_path: Path) -> None:
    pytest.importorskip("awslambdaric", reason="awslambdaric is published for Linux only")
    async with live_session(tmp_path, runners={"ric": Ric}) as live:
        live.write(
            "app.py",
            "import logging, os\ndef handler(event, context):\n    print('printed')\n"
            "    logging.getLogger().error('logged')\n"
            "    if event == 'raise':\n        raise ValueError('boom')\n"
            "    if event == 'big':\n        return 'x' * 7_000_000\n"
            "    return [event, context.aws_request_id, context.client_context.custom['a']]\n",
        )
        live.write("broken.py", "import nothing_like_it\n")
        from .conftest import function

        await live.serve(
            function("app.handler", "f", language="ric"), function("broken.handler", "g", language="ric")
        )
        context = json.dumps({"custom": {"a": "b"}})
        answer = await live.answer("hi", request_id="r-1", client_context=context)
        again = await live.answer({"n": "x" * 100_000}, request_id="r-2", client_context=context)
        error = await live.error("raise")
        big = await live.error("big")
        broken = await live.error(name="g")

    assert answer == ["hi", "r-1", "b"]
    assert again[1:] == ["r-2", "b"]
    assert live.lines("r-1")[0] == "printed"
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "boom")
    assert big["errorType"] == "Function.ResponseSizeTooLarge"
    assert broken["errorType"] == "Runtime.ImportModuleError"


class Ric:
    """Runs Python functions with AWS's own client."""

    def __init__(self, session: object) -> None:
        self._session = session

    async def prepare(self, functions: object) -> None:
        return

    async def build(self, function: object) -> object:
        from sundog.live.runner import BuildOutcome

        return BuildOutcome()

    async def start(self, request: object) -> object:
        argv = [sys.executable, "-m", "awslambdaric", request.function.entry.handler]
        return await self._session.spawn(
            argv,
            environ=request.environ,
            cwd=self._session.root,
            stdout=request.stdout,
            stderr=request.stderr,
        )

    def affected_by(self, changed: object) -> tuple[str, ...]:
        return ()

    async def close(self) -> None:
        return
