"""Functions that are kept warm: the packaged code answers the warmer, and handlers see everything else as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sundog.bundle.node import node_binary
from sundog.model.warmer import WARM_HANDLER, WARMER_KEY

WARMER = {WARMER_KEY: {"delay_ms": 1}}


def python_answers(folder, *events):
    """Import the package's handler as Lambda does, in a process of its own, and hand it events."""
    module, _, function = WARM_HANDLER.rpartition(".")
    script = (
        f"import json, sys; from {module} import {function} as handler\n"
        "print(json.dumps([handler(event, 'context') for event in json.load(sys.stdin)]))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(events),
        cwd=folder,
        env={
            **os.environ,
            "SUNDOG_HANDLER": "functions/notes.handler",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(finished.stdout) if finished.returncode == 0 else finished.stderr


def test_a_python_package_answers_the_warmer_itself(bundled):
    bundled.write(
        "functions/notes.py",
        "def handler(event, context):\n    return {'event': event, 'context': context}\n",
    )
    bundled.build()
    other = {**WARMER, "more": 1}

    warmed, again, text, both = python_answers(bundled.output, WARMER, WARMER, "text", other)
    (elsewhere,) = python_answers(bundled.output, WARMER)

    assert list(warmed) == ["environment"]
    assert warmed == again
    assert warmed != elsewhere
    assert text == {"event": "text", "context": "context"}
    assert both["event"] == other


def test_a_python_handler_that_cannot_be_imported_fails_as_it_would_alone(bundled):
    bundled.write("functions/notes.py", "raise ValueError('no table')\n")
    bundled.build()

    assert "ValueError: no table" in python_answers(bundled.output, WARMER)


def node_says(output, body):
    script = f"""
globalThis.awslambda = {{ streamifyResponse: (handler) => {{
  handler[Symbol.for("aws.lambda.runtime.handler.streaming")] = "response"; return handler; }} }};
const module = await import({json.dumps(str(output / "functions/badge.mjs"))});
const warmer = {json.dumps(WARMER)};
const said = await (async () => {{ {body} }})();
console.log(JSON.stringify(said));"""
    finished = subprocess.run(
        [node_binary(), "--input-type=module", "-e", script], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_a_node_package_answers_the_warmer_itself(bundled_node):
    bundled_node.write(
        "functions/badge.ts",
        "export const other = 1;\nexport const handler = async (event: any, context: any) => ({ event, context });\n",
    )
    bundled_node.node("functions/badge.ts", warm=1)

    said = node_says(
        bundled_node.output,
        "return [await module.handler(warmer), await module.handler(warmer), await module.handler({ a: 1 }, 'context'),"
        " module.other];",
    )
    warmed, again, *others = said

    assert list(warmed) == ["environment"]
    assert warmed == again
    assert others == [{"event": {"a": 1}, "context": "context"}, 1]


def test_a_node_handler_with_a_callback_is_called_with_it(bundled_node):
    bundled_node.write(
        "functions/badge.ts",
        "export function handler(event: any, context: any, done: any) { done(null, event.a + 1); }\n",
    )
    bundled_node.node("functions/badge.ts", warm=1)

    said = node_says(
        bundled_node.output,
        "return [module.handler.length, await new Promise((resolve) =>"
        " module.handler({ a: 1 }, null, (_, result) => resolve(result))),"
        " Object.keys(await module.handler(warmer))];",
    )

    assert said == [3, 2, ["environment"]]


def test_a_node_handler_that_streams_still_does(bundled_node):
    bundled_node.write(
        "functions/badge.ts",
        "declare const awslambda: any;\n"
        "export const handler = awslambda.streamifyResponse(async (event: any, stream: any) => stream.end(event.a));\n",
    )
    bundled_node.node("functions/badge.ts", warm=1)

    said = node_says(
        bundled_node.output,
        """
const ended = [];
const stream = { write() {}, end(text) { ended.push(text); } };
await module.handler({ a: "streamed" }, stream);
await module.handler(warmer, stream);
return [module.handler[Symbol.for("aws.lambda.runtime.handler.streaming")], ...ended];""",
    )

    assert said[:2] == ["response", "streamed"]
    assert list(json.loads(said[2])) == ["environment"]


@pytest.mark.parametrize("name", ["default", "run"])
def test_any_export_of_a_node_module_can_be_kept_warm(bundled_node, name):
    export = "export default" if name == "default" else f"export const {name} ="
    bundled_node.write("functions/badge.ts", f"{export} async (event: any) => event;\n")
    bundled_node.node("functions/badge.ts", warm=1, function=name)

    assert node_says(bundled_node.output, f"return Object.keys(await module.{name}(warmer));") == [
        "environment"
    ]


def test_the_source_map_still_names_the_handlers_own_file(bundled_node):
    bundled_node.write("functions/badge.ts", "export const handler = () => { throw new Error('no'); };\n")
    bundled_node.node("functions/badge.ts", warm=1)
    content = json.loads((bundled_node.output / "functions/badge.mjs.map").read_text())

    assert "functions/badge.ts" in content["sources"]
