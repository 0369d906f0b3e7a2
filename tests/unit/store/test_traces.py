from __future__ import annotations

import json

import pytest

from sundog.store.traces import join, trace_root


@pytest.mark.parametrize(
    ("header", "root"),
    [
        (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
            "1-5759e988-bd862e3fe1be46a994272793",
        ),
        ("Parent=53995c3f42cd8ad8;Root=1-a-b", "1-a-b"),
        ("1-a-b", "1-a-b"),
        ("Sampled=0", None),
        ("", None),
        (None, None),
    ],
)
def test_the_root_of_a_header_names_the_trace(header, root):
    assert trace_root(header) == root


def test_without_a_header_the_request_is_its_own_trace():
    assert join("request", "", b"{}").trace_id == "request"


@pytest.mark.parametrize(
    "payload",
    [
        b'{"Records": 3}',
        b'{"Records": [{"attributes": 7}]}',
        b'"Records"',
        b'{"Records": [',
    ],
)
def test_an_event_that_only_looks_like_a_batch_joins_nothing(payload):
    assert join("request", "Root=1-a", payload).trace_id == "1-a"


def test_a_batch_in_which_one_message_has_no_trace_keeps_its_own():
    payload = json.dumps({"Records": [{"attributes": {"AWSTraceHeader": "Root=1-b"}}, {"attributes": {}}]})
    joined = join("request", "Root=1-a", payload.encode())

    assert (joined.trace_id, joined.links) == ("1-a", ("1-b",))


def test_the_wait_in_the_queue_is_that_of_the_oldest_message():
    records = [
        {"attributes": {"SentTimestamp": "1000", "ApproximateFirstReceiveTimestamp": "1500"}},
        {"attributes": {"SentTimestamp": "1000", "ApproximateFirstReceiveTimestamp": "3000"}},
        {"attributes": {"SentTimestamp": "not a number"}},
    ]

    assert join("request", "", json.dumps({"Records": records}).encode()).queued_ms == 2000.0
