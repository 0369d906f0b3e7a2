"""Handlers of every form, run by our runtime client in a real Node against the real Runtime API."""

from __future__ import annotations

import json

import pytest


def test_async_typescript_handler_with_imports(in_lab):
    async def body(lab):
        lab.write(
            "functions/greeting.ts", "export const greet = (name: string): string => `hello ${name}`;\n"
        )
        lab.write("functions/data.json", '{"mark": "!"}')
        environment = await lab.ready(
            "functions/hello.ts",
            """
            import { greet } from "./greeting";
            import data from "./data.json";
            export const handler = async (event: { name: string }) => greet(event.name) + data.mark;
            """,
        )
        outcome = await environment.call({"name": "Ada"})

        assert outcome.value == "hello Ada!"
        assert outcome.error_type is None

    in_lab(body)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        pytest.param("h.cjs", "exports.handler = async (e) => e.n + 1", id="commonjs"),
        pytest.param("h.js", "module.exports = { handler: async (e) => e.n + 1 }", id="commonjs-in-js"),
        pytest.param("h.mjs", "export async function handler(e) { return e.n + 1 }", id="esm"),
        pytest.param("h.js", "export const handler = async ({ n }) => n + 1", id="esm-in-js"),
        pytest.param("h.tsx", "export const handler = async (e: { n: number }) => e.n + 1", id="tsx"),
        pytest.param("h.ts", "export default { handler: async (e: any) => e.n + 1 }", id="default-export"),
        pytest.param(
            "h.mjs",
            "const one = await Promise.resolve(1); export const handler = async (e) => e.n + one",
            id="top-level-await",
        ),
        pytest.param(
            "h.ts",
            'import { createRequire } from "node:module";\nimport { dirname } from "node:path";\n'
            'import { fileURLToPath } from "node:url";\nconst require = createRequire(import.meta.url);\n'
            "const __dirname = dirname(fileURLToPath(import.meta.url));\n"
            'export const handler = async (e: any) => e.n + (require("node:fs").existsSync(__dirname) ? 1 : 0)',
            id="own-require-and-dirname",
        ),
        pytest.param(
            "h.ts",
            'const name = "node:fs";\nexport const handler = async (e: any) => e.n + (require(name).existsSync(__dirname) ? 1 : 0)',
            id="free-require-and-dirname",
        ),
    ],
)
def test_module_forms(in_lab, file, text):
    async def body(lab):
        environment = await lab.ready(file, text)
        outcome = await environment.call({"n": 41})

        assert outcome.value == 42

    in_lab(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "exports.handler = (event, context, callback) => callback(null, 'called')",
            "called",
            id="callback",
        ),
        pytest.param("exports.handler = (event, context) => context.succeed('yes')", "yes", id="succeed"),
        pytest.param("exports.handler = (event, context) => context.done(null, 'done')", "done", id="done"),
        pytest.param("exports.handler = () => 'dropped'", None, id="plain-return-is-dropped"),
        pytest.param("exports.handler = async () => undefined", None, id="undefined"),
        pytest.param(
            "exports.handler = (e, c, cb) => { setTimeout(() => { globalThis.late = 1 }, 20); cb(null, 'x') }",
            "x",
            id="waits",
        ),
    ],
)
def test_handlers_of_runtimes_before_24(in_lab, text, expected):
    async def body(lab):
        environment = await lab.ready("h.cjs", text, runtime="nodejs22.x")
        outcome = await environment.call({})

        assert outcome.value == expected

    in_lab(body)


def test_callback_waits_for_an_empty_event_loop_unless_told_not_to(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.cjs",
            """
            let timers = 0;
            exports.handler = (event, context, callback) => {
              context.callbackWaitsForEmptyEventLoop = event.wait;
              setTimeout(() => { timers += 1; }, 50);
              callback(null, null);
              setTimeout(() => {}, 10);
              if (event.ask) callback(null, timers);
            };
            exports.count = () => timers;
            """,
            runtime="nodejs22.x",
        )
        await environment.call({"wait": True})
        waited = await environment.call({"wait": False, "ask": False})

        assert waited.value is None

    in_lab(body)


def test_callback_handlers_are_refused_from_24_on(in_lab):
    async def body(lab):
        _, failed = await lab.init_failure(
            "h.cjs", "exports.handler = (event, context, callback) => callback(null, 1)"
        )

        assert failed.error_type == "Runtime.CallbackHandlerDeprecated"

    in_lab(body)


def test_context_is_whole(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.ts",
            """
            export const handler = async (event: unknown, context: any) => ({
              ...context, remaining: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
              cwd: process.cwd(), store: globalThis.awslambda.InvokeStore.getRequestId(),
            });
            """,
        )
        outcome = await environment.call(
            {},
            trace_id="Root=1-5759e988-bd862e3fe1be46a994272793",
            client_context='{"custom": {"a": 1}}',
            cognito_identity='{"cognitoIdentityId": "i"}',
        )
        context = outcome.value
        remaining = context.pop("remaining")

        assert 0 < remaining <= 3000
        assert context == {
            "awsRequestId": "00000000-0000-4000-8000-000000000001",
            "clientContext": {"custom": {"a": 1}},
            "cwd": str(lab.root),
            "functionName": "local-lab-h",
            "functionVersion": "$LATEST",
            "identity": {"cognitoIdentityId": "i"},
            "invokedFunctionArn": "arn:aws:lambda:eu-central-1:000000000000:function:local-lab-h",
            "logGroupName": "/aws/lambda/local-lab-h",
            "logStreamName": "2026/01/01/[$LATEST]0123",
            "memoryLimitInMB": "512",
            "store": "00000000-0000-4000-8000-000000000001",
            "trace": "Root=1-5759e988-bd862e3fe1be46a994272793",
        }

    in_lab(body)


def test_console_lines_carry_time_request_id_and_level(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            """
            console.log("loading");
            export const handler = async () => {
              console.log("plain %d", 1, { a: 2 }); console.warn("careful"); console.error("bad"); console.debug("detail");
              process.stdout.write("raw\\n"); process.stderr.write("raw error\\n");
            };
            """,
        )
        outcome = await environment.call({})
        fields = [line.split("\t") for line in outcome.lines if "\t" in line]

        assert [line.split("\t")[1:] for line in environment.lines[:1]] == [["undefined", "INFO", "loading"]]
        assert [parts[1:] for parts in fields] == [
            ["00000000-0000-4000-8000-000000000001", "INFO", "plain 1 { a: 2 }"],
            ["00000000-0000-4000-8000-000000000001", "WARN", "careful"],
            ["00000000-0000-4000-8000-000000000001", "ERROR", "bad"],
            ["00000000-0000-4000-8000-000000000001", "DEBUG", "detail"],
        ]
        assert [line for line in outcome.lines if "\t" not in line] == ["raw", "raw error"]

    in_lab(body)


def test_json_log_format_and_level(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async () => { console.info('hidden'); console.warn({ a: 1 }); console.error('x', 2); };",
            environment={"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "warn"},
        )
        outcome = await environment.call({})
        lines = [json.loads(line) for line in outcome.lines]

        assert [(line["level"], line["message"]) for line in lines] == [("WARN", {"a": 1}), ("ERROR", "x 2")]
        assert {line["requestId"] for line in lines} == {"00000000-0000-4000-8000-000000000001"}

    in_lab(body)


def test_output_of_more_than_a_pipe_holds_is_whole(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async () => { process.stdout.write(''); for (let i = 0; i < 3000; i++) console.log('line', i, 'x'.repeat(100)); };",
        )
        outcome = await environment.call({})

        assert len(outcome.lines) == 3000

    in_lab(body)


def test_environment_variables_reach_child_processes(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            """
            import { execSync } from "node:child_process";
            export const handler = async () => [process.env.COLOUR, execSync("echo $COLOUR").toString().trim(),
              typeof process.send, process.env.NODE_CHANNEL_FD ?? null];
            """,
            environment={"COLOUR": "grün"},
        )
        outcome = await environment.call({})

        assert outcome.value == ["grün", "grün", "undefined", None]

    in_lab(body)


def test_options_that_node_reads_at_start_are_honoured(in_lab):
    async def body(lab):
        environment = await lab.ready(
            "h.mjs",
            "export const handler = async () => process.execArgv.concat(process.env.NODE_OPTIONS, process.throwDeprecation)",
            environment={"NODE_OPTIONS": "--throw-deprecation"},
        )
        outcome = await environment.call({})

        assert outcome.value[-2:] == ["--throw-deprecation", True]

    in_lab(body)
