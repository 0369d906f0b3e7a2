from __future__ import annotations

import json
import signal
import sys

import pytest

from sundog.live.runtime_api.machine import MAX_PAYLOAD_BYTES

from .conftest import Live, function

pytestmark = pytest.mark.anyio


async def test_exception_is_reported_with_type_message_request_id_and_the_users_frames(live: Live) -> None:
    await live.handler(
        "def inner():\n    raise ValueError('boom')\ndef handler(event, context):\n    inner()\n"
    )
    error = await live.error(request_id="r-1")

    assert error["errorType"] == "ValueError"
    assert error["errorMessage"] == "boom"
    assert error["requestId"] == "r-1"
    app = live.root / "app.py"
    # From 3.13 on, Python marks the part of the line, as it does on Lambda.
    mark = "    ~~~~~^^\n" if sys.version_info >= (3, 13) else ""
    assert error["stackTrace"] == [
        f'  File "{app}", line 4, in handler\n    inner()\n{mark}',
        f"  File \"{app}\", line 2, in inner\n    raise ValueError('boom')\n",
    ]
    finished = live.finished[-1]
    assert finished.outcome == "error"
    assert finished.error is not None
    assert finished.error.place is not None
    assert (finished.error.place.file, finished.error.place.line) == ("app.py", 2)


async def test_exception_is_written_to_the_log_as_one_event(live: Live) -> None:
    await live.handler("def handler(event, context):\n    raise KeyError('x')\n")
    await live.error(request_id="r-1")

    (text,) = live.lines("r-1")
    assert text.startswith("[ERROR] KeyError: 'x'\nTraceback (most recent call last):\n")
    assert "\u00a0\u00a0File" in text


@pytest.mark.parametrize(
    ("source", "handler", "error_type", "message"),
    [
        (
            "import nothing_like_it\n",
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'nothing_like_it'",
        ),
        ("x = 1\n", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        (
            "x = 1\n",
            "absent.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'absent': No module named 'absent'",
        ),
        (
            "x = 1\n",
            "sys.exit",
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module sys as a handler module",
        ),
        ("raise RuntimeError('at import')\n", "app.handler", "RuntimeError", "at import"),
    ],
)
async def test_handler_that_cannot_be_imported_answers_every_invocation(
    live: Live, source: str, handler: str, error_type: str, message: str
) -> None:
    live.write("app.py", source)
    await live.serve(function(handler))
    first, second = await live.error(), await live.error()

    assert (first["errorType"], first["errorMessage"]) == (error_type, message)
    assert second == first
    assert [finished.outcome for finished in live.finished] == ["init_error", "init_error"]
    assert live.failed[0].error.error_type == error_type


async def test_syntax_error_names_file_and_line(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return (\n")
    error = await live.error()

    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"] == "Syntax error in module 'app': '(' was never closed (app.py, line 2)"
    place = live.failed[0].error.place
    assert place is not None
    assert (place.file, place.line) == ("app.py", 2)


async def test_result_that_is_no_json_is_a_marshal_error(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return {1, 2}\n")
    error = await live.error()

    assert error["errorType"] == "Runtime.MarshalError"
    assert error["errorMessage"] == "Unable to marshal response: Object of type set is not JSON serializable"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; sys.exit(3)", "Runtime exited with error: exit status 3"),
        ("import sys; sys.exit(0)", "Runtime exited without providing a reason"),
        ("import os; os._exit(7)", "Runtime exited with error: exit status 7"),
        ("import os; os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("import os; os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("import os; os.abort()", "Runtime exited with error: signal: aborted"),
    ],
)
async def test_process_that_ends_under_an_invocation_is_an_exit_error(
    live: Live, code: str, reason: str
) -> None:
    await live.handler(
        f"def handler(event, context):\n    if event == 'end':\n        {code}\n    return 'alive'\n"
    )
    error = await live.error("end", request_id="r-1")

    assert error == {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r-1 Error: {reason}"}
    assert live.finished[-1].outcome == "crash"
    assert await live.answer() == "alive"


async def test_exit_while_importing_is_an_init_error(live: Live) -> None:
    await live.handler("import sys\nsys.exit(2)\n")
    error = await live.error()

    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"] == "Error: Runtime exited with error: exit status 2"


async def test_timeout_is_reported_and_the_next_invocation_gets_a_new_process(live: Live) -> None:
    await live.handler(
        "import os, time\ndef handler(event, context):\n    time.sleep(event)\n    return os.getpid()\n",
        timeout_seconds=1.5,
    )
    first = await live.answer(0)
    error = await live.error(60, request_id="r-1")

    assert error == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 1.50 seconds",
    }
    assert await live.answer(0) != first


async def test_handler_that_ignores_sigterm_is_killed(live: Live) -> None:
    await live.handler(
        "import signal, time\ndef handler(event, context):\n"
        "    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(60)\n",
        timeout_seconds=0.2,
    )
    await live.error()
    await live.until(lambda: live.stopped, "the end of the process")

    assert (live.stopped[0].reason, live.stopped[0].exit_status) == ("timeout", -signal.SIGKILL)


async def test_handler_over_its_memory_is_killed(live: Live) -> None:
    await live.handler(
        "import time\ndef handler(event, context):\n    block = bytearray(200 * 1024 * 1024)\n"
        "    block[::4096] = b'x' * len(block[::4096])\n    time.sleep(30)\n",
        memory_mb=128,
    )
    error = await live.error(request_id="r-1")

    assert error == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": "RequestId: r-1 Error: Runtime exited with error: signal: killed",
    }


async def test_response_over_six_megabytes_is_refused_and_the_environment_lives_on(live: Live) -> None:
    await live.handler(
        "import os\ndef handler(event, context):\n    return 'x' * event if event else os.getpid()\n"
    )
    pid = await live.answer(0)
    error = await live.error(7 * 1024 * 1024)

    assert error["errorType"] == "Function.ResponseSizeTooLarge"
    assert error["errorMessage"].endswith("exceeded maximum allowed payload size (6291556 bytes).")
    assert await live.answer(0) == pid


async def test_payloads_of_nearly_six_megabytes_pass(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return event\n")
    text = "x" * (6 * 1024 * 1024 - 2)

    assert await live.answer(text) == text


async def test_event_over_six_megabytes_is_refused(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return event\n")
    error = await live.error(payload=b'"' + b"x" * MAX_PAYLOAD_BYTES + b'"')

    assert error["errorType"] == "RequestTooLarge"


async def test_event_that_is_no_json_is_an_unmarshal_error(live: Live) -> None:
    await live.handler("def handler(event, context):\n    return event\n")
    error = await live.error(payload=b"{broken")

    assert error["errorType"] == "Runtime.UnmarshalError"


async def test_killed_worker_answers_its_caller_and_leaves_the_others_alone(live: Live) -> None:
    import asyncio
    import os

    await live.handler(
        "import os, time\ndef handler(event, context):\n    print(os.getpid())\n    time.sleep(event)\n    return 'done'\n"
    )
    slow = asyncio.create_task(live.invoke(30, request_id="slow"))
    await live.until(lambda: live.lines("slow"), "the slow handler's process id")
    other = asyncio.create_task(live.answer(0.2))
    os.kill(int(live.lines("slow")[0]), signal.SIGKILL)
    result = await slow

    assert json.loads(result.payload)["errorType"] == "Runtime.ExitError"
    assert await other == "done"
