from __future__ import annotations

import json
from pathlib import Path

import pytest

from sundog.live import faults
from sundog.live.streamed import plain_payload
from sundog.live.transcript import Usage, report_line, transcript
from sundog.model.manifest import SourcePlace


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (0, "Runtime exited without providing a reason"),
        (1, "Runtime exited with error: exit status 1"),
        (-9, "Runtime exited with error: signal: killed"),
        (-11, "Runtime exited with error: signal: segmentation fault"),
        (-15, "Runtime exited with error: signal: terminated"),
        (-40, "Runtime exited with error: signal: signal 40"),
    ],
)
def test_end_of_a_process_is_told_in_lambdas_words(status: int, reason: str) -> None:
    assert faults.exit_reason(status) == reason


def test_timeout_names_the_functions_own_limit() -> None:
    assert json.loads(faults.timeout_error("r-1", 3)) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": "RequestId: r-1 Error: Task timed out after 3.00 seconds",
    }


@pytest.mark.parametrize(
    ("frames", "place"),
    [
        (
            ['  File "/p/app.py", line 3, in f\n', '  File "/p/.venv/site-packages/x.py", line 9, in g\n'],
            ("app.py", 3),
        ),
        (['  File "/p/a.py", line 1, in f\n', '  File "/p/lib/b.py", line 2, in g\n'], ("lib/b.py", 2)),
        (['  File "/p/a.py" Line 7\n    x ='], ("a.py", 7)),
        (
            ["Error: boom", "    at handler (/p/fn/index.ts:12:5)", "    at run (/p/fn/other.ts:1:1)"],
            ("fn/index.ts", 12),
        ),
        (["Error", "    at Object.run (/p/node_modules/x/y.js:1:1)", "    at /p/a.mjs:4:2"], ("a.mjs", 4)),
        (['  File "/elsewhere/a.py", line 1, in f\n'], None),
    ],
)
def test_place_of_an_error_is_the_users_innermost_frame(
    frames: list[str], place: tuple[str, int] | None
) -> None:
    body = json.dumps({"errorType": "E", "errorMessage": "m", "stackTrace": frames}).encode()
    error = faults.function_error(body, Path("/p"))

    assert error.place == (None if place is None else SourcePlace(file=place[0], line=place[1]))


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[1]", b'"text"', b'{"errorType": 1, "stackTrace": "x"}']
)
def test_error_objects_of_any_shape_are_read(body: bytes) -> None:
    assert faults.function_error(body, Path("/p")).error_type in {"Runtime.Unknown", "1"}


def test_transcript_runs_from_start_to_report() -> None:
    usage = Usage(duration_ms=12.345, memory_mb=128, max_memory_mb=50, init_ms=100.5, status="timeout")
    text = transcript("r", "$LATEST", ["hello"], usage).decode()

    assert text == (
        "START RequestId: r Version: $LATEST\nhello\nEND RequestId: r\n"
        "REPORT RequestId: r\tDuration: 12.35 ms\tBilled Duration: 113 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 50 MB\tInit Duration: 100.50 ms\tStatus: timeout\t\n"
    ).replace("12.35", f"{12.345:.2f}")


def test_report_of_a_warm_invocation_has_no_init_duration() -> None:
    assert "Init" not in report_line("r", Usage(duration_ms=1, memory_mb=128))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"a":1}', "application/json", {"a": 1}),
        (
            b'{"statusCode":201,"headers":{"x":"y"}}' + b"\0" * 8 + b"hello",
            "application/vnd.awslambda.http-integration-response",
            {"statusCode": 201, "headers": {"x": "y"}, "body": "hello", "isBase64Encoded": False},
        ),
        (
            b'{"statusCode":200}' + b"\0" * 8 + b"\xff\x00",
            "application/vnd.awslambda.http-integration-response",
            {"statusCode": 200, "body": "/wA=", "isBase64Encoded": True},
        ),
        (
            b"plain",
            "application/vnd.awslambda.http-integration-response",
            {"statusCode": 200, "body": "plain", "isBase64Encoded": False},
        ),
    ],
)
def test_streamed_http_responses_become_one_object(body: bytes, content_type: str, expected: object) -> None:
    assert json.loads(plain_payload(body, content_type)) == expected
