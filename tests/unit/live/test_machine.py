from __future__ import annotations

import base64
import json

import pytest

from sundog.live.http import Request
from sundog.live.runtime_api.machine import (
    MAX_RESPONSE_BYTES,
    Answered,
    Free,
    InitFailed,
    Ready,
    RuntimeMachine,
    response_limit,
)


def request(**changes: object) -> Request:
    fields: dict[str, object] = {"method": "POST", "path": "/", "headers": {}, "body": b"{}"}
    return Request(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def running() -> RuntimeMachine:
    machine = RuntimeMachine()
    machine.next_asked()
    machine.invoke("r-1")
    return machine


def test_first_next_says_ready_and_later_ones_say_free(running: RuntimeMachine) -> None:
    running.answer(request(), "r-1", is_error=False)

    assert RuntimeMachine().next_asked() == Ready()
    assert running.next_asked() == Free()
    assert running.next_asked() is None


def test_response_is_accepted_with_202(running: RuntimeMachine) -> None:
    response, fact = running.answer(request(body=b'{"a":1}'), "r-1", is_error=False)

    assert (response.status, response.body) == (202, b'{"status":"OK"}\n')
    assert fact == Answered(request_id="r-1", body=b'{"a":1}', size_bytes=7)


def test_error_keeps_its_body_and_type(running: RuntimeMachine) -> None:
    headers = {"lambda-runtime-function-error-type": "Runtime.X"}
    response, fact = running.answer(request(body=b"{}", headers=headers), "r-1", is_error=True)

    assert response.status == 202
    assert fact == Answered(request_id="r-1", body=b"{}", error_type="Runtime.X")


@pytest.mark.parametrize(
    ("prepare", "request_id", "changes", "status", "error_type"),
    [
        ("idle", "r-1", {}, 403, "InvalidStateTransition"),
        ("running", "r-2", {}, 400, "InvalidRequestID"),
        ("answered", "r-1", {}, 403, "InvalidStateTransition"),
        (
            "running",
            "r-1",
            {"headers": {"lambda-runtime-function-response-mode": "odd"}},
            400,
            "InvalidFunctionResponseMode",
        ),
        ("running", "r-1", {"body_too_large": True}, 413, "RequestEntityTooLarge"),
    ],
)
def test_wrong_answers_are_refused_in_lambdas_words(
    prepare: str, request_id: str, changes: dict[str, object], status: int, error_type: str
) -> None:
    machine = RuntimeMachine()
    machine.next_asked()
    if prepare != "idle":
        machine.invoke("r-1")
    if prepare == "answered":
        machine.answer(request(), "r-1", is_error=False)
    response, _ = machine.answer(request(**changes), request_id, is_error=False)

    assert response.status == status
    assert json.loads(response.body)["errorType"] == error_type


def test_response_that_is_too_large_is_the_functions_error(running: RuntimeMachine) -> None:
    large = request(body=b"", body_too_large=True, headers={"content-length": "7000000"})
    _, fact = running.answer(large, "r-1", is_error=False)

    assert isinstance(fact, Answered)
    assert json.loads(fact.body) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (7000000 bytes) exceeded maximum allowed payload size (6291556 bytes).",
    }


def test_error_in_the_middle_of_a_stream_comes_in_the_trailers(running: RuntimeMachine) -> None:
    body = b'{"errorMessage":"late"}'
    streamed = request(
        headers={"lambda-runtime-function-response-mode": "streaming"},
        body=b"half",
        trailers={
            "lambda-runtime-function-error-type": "Function.Late",
            "lambda-runtime-function-error-body": base64.b64encode(body).decode(),
        },
    )
    _, fact = running.answer(streamed, "r-1", is_error=False)

    assert fact == Answered(request_id="r-1", body=body, error_type="Function.Late")


def test_init_error_is_taken_once_and_only_before_the_first_next() -> None:
    machine = RuntimeMachine()
    first, fact = machine.init_failed(request(body=b"e", headers={"lambda-runtime-function-error-type": "T"}))
    second, nothing = machine.init_failed(request())

    assert (first.status, fact) == (202, InitFailed(body=b"e", error_type="T"))
    assert (second.status, nothing) == (403, None)


def test_streams_may_be_larger_than_buffered_responses() -> None:
    assert response_limit({}) == MAX_RESPONSE_BYTES == 6 * 1024 * 1024 + 100
    assert response_limit({"lambda-runtime-function-response-mode": "streaming"}) == 200 * 1024 * 1024
