"""What CodeBuild runs of a job: the packaged code, in a process, with a build's environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from sundog.bundle.job_commands import JOB_COMMANDS
from sundog.bundle.node import node_binary


@pytest.fixture
def run_build(bundled, tmp_path):
    """Run the packaged job of a Python handler."""

    def run(code, payload):
        bundled.write("functions/notes.py", code)
        bundled.build()
        return subprocess.run(
            [sys.executable, "-m", "sundog_runtime.job"],
            cwd=bundled.output,
            env={
                **os.environ,
                "PYTHONPATH": str(bundled.output),
                "SUNDOG_HANDLER": "functions/notes.handler",
                "SUNDOG_PAYLOAD": json.dumps(payload),
                "SUNDOG_JOB": "encode",
                "SUNDOG_TIMEOUT_SECONDS": "7200",
                "CODEBUILD_BUILD_ID": "project:1",
            },
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_job_gets_its_payload_and_a_context(run_build):
    finished = run_build(
        "def handler(event, context):\n"
        "    print(event['video'], context.aws_request_id, context.function_name,\n"
        "          round(context.get_remaining_time_in_millis() / 3600_000))\n",
        {"video": "cats"},
    )

    assert finished.stdout == "cats project:1 encode 2\n", finished.stderr
    assert finished.returncode == 0


def test_a_job_that_raises_fails_its_build(run_build):
    finished = run_build("def handler(event, context):\n    raise ValueError('no such video')\n", None)

    assert finished.returncode == 1
    assert "ValueError: no such video" in finished.stderr


@pytest.mark.parametrize(
    ("body", "status"),
    [("console.log(event.video, context.functionName)", 0), ("throw new Error('no video')", 1)],
)
def test_the_command_for_node_runs_the_packaged_module(bundled_node, body, status):
    # Lambda's own packages are in its image only.
    command = JOB_COMMANDS["node"].replace("ln -sfn /var/runtime/node_modules", "mkdir -p")
    bundled_node.write(
        "functions/badge.ts", f"export const handler = async (event: any, context: any) => {{ {body}; }};\n"
    )
    bundled_node.node("functions/badge.ts")
    finished = subprocess.run(
        ["sh", "-c", command.replace("node --enable", f"{node_binary()} --enable")],
        env={
            **os.environ,
            "CODEBUILD_SRC_DIR": str(bundled_node.output),
            "SUNDOG_HANDLER": "functions/badge.handler",
            "SUNDOG_PAYLOAD": '{"video": "cats"}',
            "SUNDOG_JOB": "encode",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == status, finished.stderr
    assert "cats encode" in finished.stdout if status == 0 else "no video" in finished.stderr
