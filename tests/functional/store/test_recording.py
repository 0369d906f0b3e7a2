from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import pytest

from sundog.model import events
from sundog.model.events import FunctionError
from sundog.store.queries import AmbiguousInvocation, InvalidSearch, UnknownInvocation


def test_an_invocation_is_kept_with_its_event_and_its_result(store):
    store.start(payload=b'{"a": 1}')
    store.finish(response=b'{"statusCode": 200}')
    with store.read() as reader:
        found = reader.invocation("last")

        assert (found.outcome, found.duration_ms, found.trigger_label) == ("ok", 3.5, "GET /notes")
        assert reader.payload(found.input).body == b'{"a": 1}'
        assert reader.payload(found.output).body == b'{"statusCode": 200}'


def test_an_error_is_kept_with_its_frames(store):
    store.start()
    store.finish(
        outcome="error", error=FunctionError(error_type="KeyError", message="'x'", frames=["a", "b"])
    )
    with store.read() as reader:
        assert reader.invocation("last").error.frames == ["a", "b"]
        assert reader.trace("1-11111111-aaaa").error_count == 1


def test_a_running_invocation_has_no_outcome(store):
    store.start()
    with store.read() as reader:
        assert reader.invocation("last").outcome is None


def test_a_retry_with_the_same_request_id_is_another_attempt(store):
    for _ in range(2):
        store.start()
        store.finish(outcome="error")
    with store.read() as reader:
        assert [found.attempt for found in reader.invocations()] == [2, 1]


def test_a_request_id_may_be_given_by_its_first_characters(store):
    store.start("abcd1234-0000")
    store.start("abff0000-0000")
    with store.read() as reader:
        assert reader.invocation("ABCD").request_id == "abcd1234-0000"
        with pytest.raises(AmbiguousInvocation, match="beginning of several"):
            reader.invocation("ab")
        with pytest.raises(UnknownInvocation, match="`zz`"):
            reader.invocation("zz")
        with pytest.raises(UnknownInvocation):
            reader.invocation("")


def test_the_last_payload_of_a_function_is_found(store):
    store.start("1", payload=b"1")
    store.start("2", payload=b"2")
    store.start("3", payload=b"3", function="backend/other")
    with store.read() as reader:
        assert reader.last_payload("backend/list").body == b"2"
        assert reader.last_payload("nothing") is None


def test_large_payloads_survive_compression(store):
    payload = json.dumps({"text": "abc" * 500_000}).encode()
    store.start(payload=payload)
    with store.read() as reader:
        found = reader.payload(reader.invocation("last").input)

        assert found.body == payload
        assert not found.truncated


def test_a_payload_over_the_limit_says_that_it_is_cut(store):
    store.start(payload=b'"' + b"a" * (7 * 1024 * 1024) + b'"')
    with store.read() as reader:
        found = reader.payload(reader.invocation("last").input)

        assert found.truncated
        assert found.size == 7 * 1024 * 1024 + 2


def test_logs_are_filtered_by_function_time_and_pattern(store):
    store.log("one", at=100.0)
    store.log("two 42", at=200.0)
    store.log("three", at=300.0, function="backend/other")
    with store.read() as reader:
        assert [line.text for line in reader.logs()] == ["one", "two 42", "three"]
        assert [line.text for line in reader.logs(functions=["backend/other"])] == ["three"]
        assert [line.text for line in reader.logs(since=150.0)] == ["two 42", "three"]
        assert [line.text for line in reader.logs(grep=r"\d+$")] == ["two 42"]
        assert [line.text for line in reader.logs(limit=1)] == ["three"]
        with pytest.raises(InvalidSearch, match=r"`\(`"):
            reader.logs(grep="(")


def test_following_sees_each_line_once(store):
    store.log("one")
    with store.read() as reader:
        cursor = reader.newest_log()
    for number in range(5):
        store.log(f"new {number}")
    with store.read() as reader:
        first = reader.logs(after=cursor, limit=3)
        second = reader.logs(after=first[-1].id, limit=3)

        assert [line.text for line in [*first, *second]] == [f"new {number}" for number in range(5)]


def test_search_finds_substrings_of_lines_events_and_results(store):
    store.start("1", payload=b'{"customer": "grapefruit"}')
    store.start("2")
    store.finish("2", response=b'{"answer": "pomegranate"}')
    store.start("3", environment="env-1")
    store.log("saw a dragonfruit today", request_id="3")
    with store.read() as reader:
        assert [found.request_id for found in reader.search("apefru")] == ["1"]
        assert [found.request_id for found in reader.search("megran")] == ["2"]
        assert [found.request_id for found in reader.search("agonfr")] == ["3"]
        assert reader.search('"; DROP TABLE logs') == []


def test_messages_join_the_trace_of_the_request_that_sent_them(store):
    store.start("producer", trace_id="Root=1-aa;Parent=1;Sampled=1")
    record = {"attributes": {"AWSTraceHeader": "Root=1-aa;Parent=2", "ApproximateReceiveCount": "2"}}
    store.start("consumer", trace_id="Root=1-bb", payload=json.dumps({"Records": [record]}).encode())
    with store.read() as reader:
        trace = reader.trace("1-aa")

        assert [member.request_id for member in trace.invocations] == ["producer", "consumer"]
        assert trace.invocations[1].attempt == 2


def test_a_batch_of_several_requests_is_linked_to_each(store):
    records = [{"attributes": {"AWSTraceHeader": f"Root=1-{root}"}} for root in ("aa", "bb")]
    store.start("first", trace_id="Root=1-aa")
    store.start("second", trace_id="Root=1-bb")
    store.start("batch", trace_id="Root=1-cc", payload=json.dumps({"Records": records}).encode())
    with store.read() as reader:
        assert [member.request_id for member in reader.trace("1-aa").invocations] == ["first", "batch"]
        assert [member.request_id for member in reader.trace("1-bb").invocations] == ["second", "batch"]


def test_order_does_not_depend_on_the_clock(store):
    store.log("first", at=2000.0)
    store.log("second, after the clock was set back", at=1000.0)
    with store.read() as reader:
        assert reader.logs()[0].text == "first"


def test_half_a_surrogate_pair_in_a_line_is_stored_as_what_utf8_can_carry(store):
    store.log("broken \ud83d end")
    with store.read() as reader:
        assert reader.logs()[0].text == "broken ? end"


def test_deploys_are_kept_with_their_stacks(store):
    store.writer(events.DeployStarted(at=1.0, deploy="d1", stage="local", action="deploy", stacks=["a", "b"]))
    store.writer(events.StackFinished(at=2.0, deploy="d1", stack="a", status="created", duration_ms=5.0))
    store.writer(events.DeployFinished(at=3.0, deploy="d1", ok=True, duration_ms=9.0))
    with store.read() as reader:
        deploy = reader.deploys()[0]

        assert deploy.ok is True
        assert deploy.stacks == {"a": "created", "b": None}


def test_a_call_of_the_writer_never_waits_for_the_disk(store):
    with store.read() as _:
        pass
    import sqlite3

    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN EXCLUSIVE")
    done = threading.Event()

    def feed():
        for number in range(1000):
            store.log(f"line {number}")
        done.set()

    threading.Thread(target=feed, daemon=True).start()

    assert done.wait(10), "calling the writer waited for a lock of the database"
    blocker.execute("ROLLBACK")
    blocker.close()
    with store.read() as reader:
        assert len(reader.logs(limit=2000)) == 1000


def test_a_killed_process_loses_only_the_last_moment(tmp_path):
    path = tmp_path / "events.db"
    code = """
import sys, time
from pathlib import Path
from sundog.model.events import LogWritten
from sundog.store.writer import StoreWriter
writer = StoreWriter(Path(sys.argv[1]), notify=print, environ={})
writer.open()
for number in range(100):
    writer(LogWritten(at=time.time(), function="f", environment="e", request_id=None, stream="stdout", text=str(number)))
assert writer.flush()
print("flushed", flush=True)
time.sleep(600)
"""
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "flushed"
    child.kill()
    child.wait()
    child.stdout.close()

    from sundog.store.queries import reading

    with reading(path) as reader:
        assert len(reader.logs()) == 100


def test_the_next_session_goes_on_where_the_last_one_ended(make_store, tmp_path):
    first = make_store()
    first.log("one")
    first.writer.close()
    second = make_store()
    second.log("two")
    with second.read() as reader:
        assert [line.text for line in reader.logs()] == ["one", "two"]
    assert second.notices == []


def test_closing_writes_what_is_queued(make_store):
    store = make_store()
    for number in range(5000):
        store.log(str(number))
    store.writer.close()

    from sundog.store.queries import reading

    with reading(store.path) as reader:
        assert len(reader.logs(limit=10_000)) == 5000


def test_reading_works_while_the_session_writes(store):
    deadline = time.monotonic() + 20
    seen = 0
    sent = 0
    with store.read() as reader:
        while seen < 500 and time.monotonic() < deadline:
            store.log(f"line {sent}")
            sent += 1
            seen = len(reader.logs(limit=1000))

    assert seen >= 500, f"only {seen} of {sent} lines were seen; notices: {store.notices}"
