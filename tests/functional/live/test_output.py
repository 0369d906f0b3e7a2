from __future__ import annotations

import asyncio

import pytest

from .conftest import Live

pytestmark = pytest.mark.anyio


async def test_every_way_to_write_is_captured_with_its_invocation(live: Live) -> None:
    await live.handler(
        "import ctypes, logging, os, subprocess, sys\n"
        "def handler(event, context):\n"
        "    print('printed')\n"
        "    print('to stderr', file=sys.stderr)\n"
        "    logging.getLogger().warning('logged %d', 1)\n"
        "    os.write(1, b'raw\\n')\n"
        "    subprocess.run(['sh', '-c', 'echo from a child; echo its errors >&2'])\n"
        "    ctypes.CDLL(None).printf(b'native\\n')\n"
        "    sys.stdout.write('no newline')\n"
    )
    await live.invoke(request_id="r-1")
    lines = live.lines("r-1")

    assert [line for line in lines if line in {"printed", "raw", "from a child"}] == [
        "printed",
        "raw",
        "from a child",
    ]
    assert {"to stderr", "its errors", "native", "no newline"} <= set(
        "\n".join(lines).replace("no newlinenative", "no newline\nnative").splitlines()
    )
    (logged,) = [line for line in lines if "logged" in line]
    level, stamp, request_id, message = logged.split("\t")
    assert (level, request_id, message) == ("[WARNING]", "r-1", "logged 1")
    assert stamp.endswith("Z")
    assert {log.stream for log in live.logs} == {"stdout", "stderr"}


async def test_lines_of_concurrent_invocations_are_not_mixed(live: Live) -> None:
    await live.handler(
        "def handler(event, context):\n    for i in range(200):\n        print(f'{event}:{i}:' + 'x' * 300)\n"
    )
    await asyncio.gather(*(live.invoke(number, request_id=f"r-{number}") for number in range(12)))

    for number in range(12):
        assert live.lines(f"r-{number}") == [f"{number}:{i}:" + "x" * 300 for i in range(200)]


async def test_late_lines_of_a_thread_are_kept_and_not_the_next_invocations(live: Live) -> None:
    await live.handler(
        "import threading, time\n"
        "def late(event):\n    time.sleep(0.1)\n    print('late', event, flush=True)\n"
        "def handler(event, context):\n    print('now', event)\n"
        "    threading.Thread(target=late, args=(event,)).start()\n"
    )
    await live.invoke(1, request_id="r-1")
    await live.until(lambda: "late 1" in live.lines("r-1"), "the late line")
    await live.invoke(2, request_id="r-2")

    assert live.lines("r-2")[0] == "now 2"


async def test_output_before_a_crash_is_not_lost(live: Live) -> None:
    await live.handler(
        "import os, sys\ndef handler(event, context):\n    sys.stdout.write('last words')\n    os._exit(1)\n"
    )
    await live.invoke(request_id="r-1")

    assert live.lines("r-1") == ["last words"]


async def test_ten_thousand_lines_arrive_whole(live: Live) -> None:
    await live.handler("def handler(event, context):\n    for i in range(10_000):\n        print(i)\n")
    await live.invoke(request_id="r-1")

    assert live.lines("r-1") == [str(number) for number in range(10_000)]


async def test_lines_written_while_importing_belong_to_no_invocation(live: Live) -> None:
    await live.handler("print('importing')\ndef handler(event, context):\n    print('handling')\n")
    await live.invoke(request_id="r-1")

    assert (live.lines(None), live.lines("r-1")) == (["importing"], ["handling"])


async def test_bytes_that_are_no_text_do_not_stop_the_log(live: Live) -> None:
    await live.handler(
        "import os\ndef handler(event, context):\n    os.write(1, b'\\xff\\xfe\\n')\n    print('ü')\n"
    )
    await live.invoke(request_id="r-1")

    assert live.lines("r-1") == ["\ufffd\ufffd", "ü"]
