"""Everything that goes wrong in a Node handler, in the shapes Lambda's Node runtime reports."""

from __future__ import annotations

import json

import pytest

from sundog.live.runtime_api.machine import InitFailed


def test_thrown_error_has_type_message_and_typescript_frames(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "functions/h.ts",
            """
            interface Order { id: number }
            class OutOfStock extends Error {
              constructor(readonly order: Order) { super(`order ${order.id} is out of stock`); this.name = "OutOfStock"; }
            }
            function ship(order: Order): void {
              throw new OutOfStock(order);
            }
            export const handler = async (event: Order) => ship(event);
            """,
        )
        outcome = await environment.call({"id": 7})
        report = outcome.value

        assert outcome.error_type == "OutOfStock"
        assert (report["errorType"], report["errorMessage"]) == ("OutOfStock", "order 7 is out of stock")
        assert f"{lab.root}/functions/h.ts:7:" in report["trace"][1]
        assert [line for line in report["trace"] if "live/node/client" in line] == []

    in_lab(body)


def test_error_is_logged_as_invoke_error(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async () => { throw Object.assign(new TypeError('no'), { code: 'E1' }) }",
        )
        outcome = await environment.call({})
        _, request_id, level, title, text = outcome.lines[0].split("\t")
        logged = json.loads(text)

        assert (request_id, level, title) == (
            "00000000-0000-4000-8000-000000000001",
            "ERROR",
            "Invoke Error ",
        )
        assert (logged["errorType"], logged["errorMessage"], logged["code"]) == ("TypeError", "no", "E1")

    in_lab(body)


def test_thrown_value_that_is_no_error(in_lab):
    async def body(lab):
        environment = await lab.ready("h.mjs", "export const handler = async () => { throw 'just text' }")
        outcome = await environment.call({})

        assert outcome.value == {"errorType": "string", "errorMessage": "just text", "trace": []}

    in_lab(body)


def test_result_that_json_cannot_hold(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs", "export const handler = async () => { const a = {}; a.a = a; return a }"
        )
        outcome = await environment.call({})

        assert outcome.value["errorMessage"] == "Unable to stringify response body"

    in_lab(body)


def test_environment_serves_on_after_an_error(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async (e) => { if (e.bad) throw new Error('bad'); return 'good' }",
        )
        await environment.call({"bad": True})
        outcome = await environment.call({})

        assert outcome.value == "good"

    in_lab(body)


@pytest.mark.parametrize(
    ("text", "error_type", "status"),
    [
        pytest.param(
            "export const handler = () => new Promise(() => { Promise.reject(new Error('lost')) })",
            "Runtime.UnhandledPromiseRejection",
            128,
            id="unhandled-rejection",
        ),
        pytest.param(
            "export const handler = () => new Promise(() => { setTimeout(() => { throw new RangeError('late') }) })",
            "RangeError",
            129,
            id="uncaught-exception",
        ),
    ],
)
def test_fault_outside_the_handler_ends_the_environment(in_lab, text, error_type, status):
    async def body(lab):
        environment = await lab.ready("h.mjs", text)
        outcome = await environment.invoke({})
        ended = await environment.ended()

        assert outcome.error_type == error_type
        assert outcome.value["errorType"] == error_type
        assert ended == status

    in_lab(body)


def test_promise_that_never_settles_ends_the_environment_without_an_answer(in_lab):
    async def body(lab):
        environment = await lab.ready("h.mjs", "export const handler = () => new Promise(() => {})")
        with pytest.raises(AssertionError, match="exit status 0"):
            await environment.invoke({})

    in_lab(body)


def test_process_exit_in_a_handler(in_lab):
    async def body(lab):
        environment = await lab.ready("h.mjs", "export const handler = async () => process.exit(7)")
        with pytest.raises(AssertionError, match="exit status 7"):
            await environment.invoke({})

    in_lab(body)


@pytest.mark.parametrize(
    ("text", "error_type", "message"),
    [
        pytest.param(
            "export const other = 1",
            "Runtime.HandlerNotFound",
            "h.handler is undefined or not exported",
            id="missing",
        ),
        pytest.param(
            "export const handler = 1",
            "Runtime.HandlerNotFound",
            "h.handler is not a function",
            id="no-function",
        ),
        pytest.param("throw new RangeError('at load')", "RangeError", "at load", id="throws"),
        pytest.param(
            "Promise.reject(new Error('x')); await new Promise(() => setTimeout(() => {}, 1e6))",
            "Runtime.UnhandledPromiseRejection",
            "Error: x",
            id="rejects",
        ),
        pytest.param(
            "const name = 'not-there'; await import(name); export const handler = 1",
            "Runtime.ImportModuleError",
            "Cannot find package 'not-there'",
            id="import",
        ),
    ],
)
def test_init_errors(in_lab, text, error_type, message):
    async def body(lab):
        environment, failed = await lab.init_failure("h.mjs", text)
        report = json.loads(failed.body)
        ended = await environment.ended()

        assert (failed.error_type, report["errorType"]) == (error_type, error_type)
        assert message in report["errorMessage"]
        assert ended in {128, 129}

    in_lab(body)


def test_malformed_handler_name(in_lab):
    async def body(lab):
        lab.write("h.mjs", "export const handler = 1")
        function = lab.function("h.mjs", export="..handler")
        await lab.build(function)
        _, failed = await lab.started(function)

        assert isinstance(failed, InitFailed)
        assert failed.error_type == "Runtime.MalformedHandlerName"

    in_lab(body)


def test_kill_ends_the_environment_without_an_answer(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => setTimeout(() => {}, 1e6)) }",
        )
        with pytest.raises(AssertionError, match="exit status -9"):
            await environment.invoke({})

    in_lab(body)


def test_syntax_error_is_a_build_error_with_its_place(in_lab):
    async def body(lab):
        lab.write("functions/lib.ts", "export const x = (1;\n")
        lab.write("functions/h.ts", 'import { x } from "./lib";\nexport const handler = async () => x;\n')
        outcome = await lab.build(lab.function("functions/h.ts"))

        assert outcome.error is not None
        assert outcome.error.error_type == "Runtime.UserCodeSyntaxError"
        assert outcome.error.message == 'SyntaxError: Expected ")" but found ";"'
        assert outcome.error.frames == ["    at functions/lib.ts:1:20", "      export const x = (1;"]
        assert (outcome.error.place.file, outcome.error.place.line) == ("functions/lib.ts", 1)
        assert lab.root / "functions/lib.ts" in outcome.files

    in_lab(body)


@pytest.mark.parametrize(
    ("imported", "message"),
    [
        ("left-pad", "Error: Cannot find module 'left-pad' (run `npm install left-pad`)"),
        ("@scope/name/deep", "Error: Cannot find module '@scope/name/deep' (run `npm install @scope/name`)"),
        ("./gone", "Error: Cannot find module './gone'"),
    ],
)
def test_missing_import_is_an_import_error_with_what_to_run(in_lab, imported, message):
    async def body(lab):
        lab.write("h.ts", f'import x from "{imported}";\nexport const handler = async () => x;\n')
        outcome = await lab.build(lab.function("h.ts"))

        assert outcome.error is not None
        assert (outcome.error.error_type, outcome.error.message) == ("Runtime.ImportModuleError", message)
        assert outcome.error.frames[:2] == ["    at h.ts:1:15", f'      import x from "{imported}";']

    in_lab(body)


def test_missing_handler_file(in_lab):
    async def body(lab):
        outcome = await lab.build(lab.function("nowhere.ts"))

        assert outcome.error is not None
        assert outcome.error.message == "Error: Cannot find module './nowhere.ts'"

    in_lab(body)


def test_streamed_response(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            """
            export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
              const out = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: "b" } });
              out.write("one,"); out.write({ two: 2 }); await new Promise((r) => setTimeout(r, 5)); out.end();
            });
            """,
        )
        outcome = await environment.call({})

        assert outcome.content_type == "application/vnd.awslambda.http-integration-response"
        assert outcome.body == b'{"statusCode":201,"headers":{"a":"b"}}' + bytes(8) + b'one,{"two":2}'

    in_lab(body)


def test_pipeline_into_a_streamed_response(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            """
            import { Readable } from "node:stream";
            import { pipeline } from "node:stream/promises";
            export const handler = awslambda.streamifyResponse(async (event, stream) => {
              stream.setContentType("text/plain");
              await pipeline(Readable.from(["a".repeat(100000), "b".repeat(100000)]), stream);
            });
            """,
        )
        outcome = await environment.call({})

        assert outcome.content_type == "text/plain"
        assert outcome.body == b"a" * 100000 + b"b" * 100000

    in_lab(body)


def test_error_in_the_middle_of_a_stream(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('half'); throw new Error('broken') })",
        )
        outcome = await environment.call({})

        assert outcome.error_type == "Error"
        assert outcome.value["errorMessage"] == "broken"

    in_lab(body)


def test_stream_that_is_not_ended(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = awslambda.streamifyResponse(async (event, stream) => { stream.write('half') })",
        )
        outcome = await environment.call({})

        assert outcome.value["errorMessage"] == "Response stream is not finished."

    in_lab(body)


def test_answers_keep_their_invocation_when_many_follow_quickly(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs", "export const handler = async (e) => { console.log(e.n); return e.n }"
        )
        outcomes = [await environment.call({"n": n}) for n in range(50)]

        assert [outcome.value for outcome in outcomes] == list(range(50))
        assert [outcome.lines[0].rpartition("\t")[2] for outcome in outcomes] == [str(n) for n in range(50)]

    in_lab(body)
