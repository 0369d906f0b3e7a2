"""Breakpoints in TypeScript handlers, set through Node's inspector and source maps as an editor does."""

from __future__ import annotations

import asyncio
import http.client

import pytest

HANDLER = """\
interface Numbers { a: number; b: number }

export const handler = async (event: Numbers) => {
  const total: number = event.a + event.b;
  return { total };
};
"""


def test_typescript_handler_stops_at_a_breakpoint_and_runs_on(at_bench):
    async def body(bench):
        source = bench.write("add.ts", HANDLER)
        await bench.serve("add.ts")
        async with bench.editor_of_typescript({source: [5]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            session, frame = await editor.paused()
            total = await editor.local(session, frame, "total")
            paused = bench.debugger.paused
            await editor.call("Debugger.resume", session=session)
            answer = await bench.answer(call)

        assert total == 3
        assert paused == {int(session)}
        assert editor.titles == [f"add ({session})"]
        assert answer == {"total": 3}

    at_bench(body)


def test_timeout_does_not_count_while_paused(at_bench):
    async def body(bench):
        source = bench.write("add.ts", HANDLER)
        await bench.serve("add.ts", timeout_seconds=0.8)
        async with bench.editor_of_typescript({source: [5]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            session, _ = await editor.paused()
            done, _ = await asyncio.wait({call}, timeout=1.5)
            await editor.call("Debugger.resume", session=session)
            answer = await bench.answer(call)

        assert (done, answer) == (set(), {"total": 3})
        assert bench.debugger.paused == frozenset()

    at_bench(body)


def test_code_edited_while_attached_stops_at_its_breakpoint(at_bench):
    async def body(bench):
        source = bench.write("add.ts", HANDLER)
        await bench.serve("add.ts")
        async with bench.editor_of_typescript() as editor:
            first = await bench.answer(bench.invoke("add", {"a": 1, "b": 2}))
            editor.breakpoints[source] = [6]
            bench.edit("add.ts", HANDLER.replace("  const total", "  const doubled = 2;\n  const total"))
            call = bench.invoke("add", {"a": 1, "b": 2})
            session, frame = await editor.paused()
            doubled = await editor.local(session, frame, "doubled")
            await editor.call("Debugger.resume", session=session)
            await bench.answer(call)

        assert (first, doubled) == ({"total": 3}, 2)

    at_bench(body)


def test_editor_that_leaves_lets_a_paused_handler_run_on(at_bench):
    async def body(bench):
        source = bench.write("add.ts", HANDLER)
        await bench.serve("add.ts")
        async with bench.editor_of_typescript({source: [5]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            await editor.paused()
        answer = await bench.answer(call)

        assert answer == {"total": 3}

    at_bench(body)


def test_editor_can_attach_again(at_bench):
    async def body(bench):
        source = bench.write("add.ts", HANDLER)
        await bench.serve("add.ts")
        async with bench.editor_of_typescript():
            await bench.answer(bench.invoke("add", {"a": 1, "b": 2}))
        async with bench.editor_of_typescript({source: [5]}) as editor:
            call = bench.invoke("add", {"a": 1, "b": 2})
            session, _ = await editor.paused()
            await editor.call("Debugger.resume", session=session)
            answer = await bench.answer(call)

        assert answer == {"total": 3}

    at_bench(body)


def test_workers_have_no_inspector_while_no_editor_is_attached(at_bench):
    async def body(bench):
        bench.write(
            "url.ts",
            'import { url } from "node:inspector";\nexport const handler = async () => url() ?? null;\n',
        )
        await bench.serve("url.ts")

        assert await bench.answer(bench.invoke("url")) is None

    at_bench(body)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        pytest.param("/json/list", {"Host": "evil.example"}, id="foreign-host"),
        pytest.param("/json/list", {"Origin": "https://evil.example"}, id="foreign-origin"),
    ],
)
def test_web_pages_are_refused(at_bench, path, headers):
    async def body(bench):
        def ask():
            connection = http.client.HTTPConnection("127.0.0.1", bench.port, timeout=30)
            try:
                connection.request("GET", path, headers=headers)
                return connection.getresponse().status
            finally:
                connection.close()

        assert await asyncio.to_thread(ask) == 403

    at_bench(body)


def test_bytes_of_another_protocol_are_refused(at_bench):
    async def body(bench):
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        writer.write(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
        answer = await reader.read()
        writer.close()

        assert answer == b""

    at_bench(body)
