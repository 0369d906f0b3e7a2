"""Breakpoints in Python handlers, set through debugpy's own adapter as an editor does."""

from __future__ import annotations

import asyncio

HANDLER = """\
def handler(event, context):
    total = event["a"] + event["b"]
    return {"total": total}
"""


async def answer_after_a_stop(bench, file):
    """Attach an editor, invoke the handler, and let it go on from its breakpoint."""
    async with bench.editor({file: [3]}) as editor:
        call = bench.invoke("add", {"a": 1, "b": 2})
        stop = await editor.stopped()
        await stop.proceed()
        return await bench.answer(call)


def test_handler_stops_at_a_breakpoint_and_runs_on(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor({file: [3]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            stop = await editor.stopped()
            place, variables = await stop.place(), await stop.variables()
            await stop.proceed()
            answer = await bench.answer(call)

        assert place == ("add.py", 3)
        assert variables["total"] == "3"
        assert answer == {"total": 3}

    at_bench(body)


def test_breakpoint_at_module_level_is_hit_while_the_handler_is_imported(at_bench):
    async def body(bench):
        file = bench.write("add.py", "limit = 7\nreached = limit + 1\n" + HANDLER)
        await bench.serve("add.py")
        async with bench.editor({file: [2]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            stop = await editor.stopped()
            place = await stop.place()
            await stop.proceed()
            answer = await bench.answer(call)

        assert (place, answer) == (("add.py", 2), {"total": 3})

    at_bench(body)


def test_timeout_does_not_count_while_paused(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py", timeout_seconds=0.8)
        async with bench.editor({file: [3]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            stop = await editor.stopped()
            paused = bench.debugger.paused
            done, _ = await asyncio.wait({call}, timeout=1.5)
            await stop.proceed()
            answer = await bench.answer(call)
            resumed = bench.debugger.paused

        assert len(paused) == 1
        assert done == set()
        assert answer == {"total": 3}
        assert resumed == frozenset()

    at_bench(body)


def test_timeout_counts_again_after_the_pause(at_bench):
    async def body(bench):
        text = "import time\n\ndef handler(event, context):\n    mark = 1\n    time.sleep(60)\n"
        file = bench.write("sleepy.py", text)
        await bench.serve("sleepy.py", timeout_seconds=0.8)
        async with bench.editor({file: [5]}) as editor:
            call = bench.invoke("sleepy")
            stop = await editor.stopped()
            await stop.proceed()
            async with asyncio.timeout(30):
                result = await call

        assert result.function_error == "Unhandled"
        assert b"Task timed out after 0.80 seconds" in result.payload

    at_bench(body)


def test_step_keeps_the_clock_stopped_between_lines(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor({file: [2]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            stop = await editor.stopped()
            await stop.step()
            second = await editor.stopped()
            place, paused = await second.place(), bench.debugger.paused
            await second.proceed()
            await bench.answer(call)

        assert (place, second.reason, len(paused)) == (("add.py", 3), "step", 1)

    at_bench(body)


def test_code_edited_while_attached_stops_at_its_breakpoint(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor() as editor:
            first = await bench.answer(bench.invoke("add", {"a": 1, "b": 2}))
            editor.breakpoints[file] = [4]
            bench.edit("add.py", HANDLER.replace("    total", "    doubled = 2\n    total"))
            call = bench.invoke("add", {"a": 1, "b": 2})
            stop = await editor.stopped()
            place, variables = await stop.place(), await stop.variables()
            await stop.proceed()
            await bench.answer(call)

        assert first == {"total": 3}
        assert place == ("add.py", 4)
        assert variables["doubled"] == "2"

    at_bench(body)


def test_two_functions_stop_at_once_under_their_own_names(at_bench):
    async def body(bench):
        files = [bench.write(name, HANDLER) for name in ("add.py", "sum.py")]
        await bench.serve("add.py", "sum.py")
        async with bench.editor({file: [3] for file in files}) as editor:
            calls = [bench.invoke("add", {"a": 1, "b": 2}), bench.invoke("sum", {"a": 3, "b": 4})]
            stops = [await editor.stopped(), await editor.stopped()]
            places = {(await stop.place())[0] for stop in stops}
            for stop in stops:
                await stop.proceed()
            answers = [await bench.answer(call) for call in calls]

        assert places == {"add.py", "sum.py"}
        assert sorted(name.partition(" ")[0] for name in editor.names) == ["add", "sum"]
        assert answers == [{"total": 3}, {"total": 7}]

    at_bench(body)


def test_editor_that_leaves_lets_a_paused_handler_run_on(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor({file: [3]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            await editor.stopped()
            await editor.detach()
        answer = await bench.answer(call)
        after = await bench.answer(bench.invoke("add", {"a": 2, "b": 2}))

        assert (answer, after) == ({"total": 3}, {"total": 4})
        assert bench.debugger.paused == frozenset()
        assert bench.notices[-1] == "an editor left Python handlers"

    at_bench(body)


def test_editor_can_attach_again(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor() as first:
            await bench.answer(bench.invoke("add", {"a": 1, "b": 2}))
            await first.detach()
        assert await answer_after_a_stop(bench, file) == {"total": 3}

    at_bench(body)


def test_editors_that_leave_at_once_do_not_keep_the_next_one_out(at_bench):
    async def body(bench):
        file = bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor():
            # Its adapter greets each of them, and cannot.
            for _ in range(20):
                _, writer = await asyncio.open_connection("127.0.0.1", bench.port)
                writer.write(b"Content-Length: 2\r\n\r\n")
                await writer.drain()
                writer.transport.abort()
        assert await answer_after_a_stop(bench, file) == {"total": 3}

    at_bench(body)


def test_editor_that_never_attaches_to_the_worker_does_not_hold_it_up(at_bench):
    async def body(bench):
        bench.write("add.py", HANDLER)
        await bench.serve("add.py")
        async with bench.editor(adopts_workers=False):
            answer = await bench.answer(bench.invoke("add", {"a": 1, "b": 2}))

        assert answer == {"total": 3}

    at_bench(body, patience_seconds=0.5)


def test_workers_carry_no_debugger_while_no_editor_is_attached(at_bench):
    async def body(bench):
        bench.write(
            "modules.py", "import sys\n\ndef handler(event, context):\n    return 'pydevd' in sys.modules\n"
        )
        await bench.serve("modules.py")
        answer = await bench.answer(bench.invoke("modules"))

        assert answer is False
        assert not (bench.root / ".sundog/local/debug/debugger.json").exists()

    at_bench(body)


def test_file_with_the_adapters_token_is_private(at_bench):
    async def body(bench):
        await bench.serve()
        async with bench.editor():
            mode = (bench.root / ".sundog/local/debug/debugger.json").stat().st_mode

        assert mode & 0o777 == 0o600

    at_bench(body)
