"""What becomes of invocations when the session is not there, goes away, or has not come yet."""

from __future__ import annotations

import io
import json
import socket
import threading
import zipfile

import pytest


class Session:
    """Stands for a session: answers each connection by a function of bytes, which may also just close it."""

    def __init__(self, answer):
        self.answer = answer
        self.closes = False
        self.requests = 0
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            while connection.recv(65536):
                self.requests += 1
                answer = self.answer()
                if answer is None:
                    return
                connection.sendall(answer)
                if self.closes:
                    return

    def close(self):
        # Closing alone leaves a thread that waits in accept() with an open socket.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def response(body, *headers):
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def session():
    made = []

    def make(answer):
        made.append(Session(answer))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def routed(run_cloud, tmp_path_factory):
    """A cloud with a function `fn` that stands for sources."""
    with run_cloud(tmp_path_factory.mktemp("routed")) as started:
        create_placeholder(started)
        yield started


def create_placeholder(cloud, timeout=5):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("README.txt", "")
    cloud.client("lambda").create_function(
        FunctionName="fn",
        Runtime="python3.12",
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/r",
        Code={"ZipFile": packed.getvalue()},
        Timeout=timeout,
    )


def invoke(cloud):
    answer = cloud.client("lambda").invoke(FunctionName="fn")
    return answer.get("FunctionError"), json.load(answer["Payload"])


def test_session_that_does_not_listen(routed):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"http://127.0.0.1:{gone.getsockname()[1]}/"
    routed.call(routed.cloud.route, ["fn"], url, "t")

    error, payload = invoke(routed)

    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "start one with `sundog dev`" in payload["errorMessage"]


def test_session_that_ends_in_the_middle_of_an_invocation_is_not_asked_again(routed, session):
    dying = session(lambda: None)
    routed.call(routed.cloud.route, ["fn"], dying.url, "t")

    error, payload = invoke(routed)

    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert "ended while it ran this invocation" in payload["errorMessage"]
    assert dying.requests == 1


def test_answer_that_ends_in_the_middle(routed, session):
    answers = iter([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
    half = session(lambda: next(answers))
    half.closes = True
    routed.call(routed.cloud.route, ["fn"], half.url, "t")

    error, payload = invoke(routed)

    assert (error, payload["errorType"]) == ("Unhandled", "Runtime.ExitError")


def test_connection_is_kept_and_a_closed_one_replaced(routed, session):
    kept = session(lambda: response(b"1"))
    routed.call(routed.cloud.route, ["fn"], kept.url, "t")

    results = [invoke(routed) for _ in range(3)]

    assert results == [(None, 1)] * 3
    assert kept.connections == 1


def test_chunked_answer_and_a_log_larger_than_common_header_limits(routed, session):
    log = "QUJD" * 100_000
    chunks = b"4\r\n[1, \r\n2\r\n2]\r\n0\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Amz-Log-Result: {log}\r\n\r\n".encode()
    large = session(lambda: head + chunks)
    routed.call(routed.cloud.route, ["fn"], large.url, "t")

    assert invoke(routed) == (None, [1, 2])


def test_unrouted_function_fails_at_once_and_says_why(routed, session):
    routed.call(routed.cloud.route, ["fn"], session(lambda: response(b"1")).url, "t")
    routed.call(routed.cloud.unroute)

    error, payload = invoke(routed)

    assert error == "Unhandled"
    assert "no sundog session is running" in payload["errorMessage"]


def test_event_that_comes_before_the_session_waits_for_it(run_cloud, tmp_path, session):
    with run_cloud(tmp_path) as first:
        create_placeholder(first)
    with run_cloud(tmp_path) as second:
        answers = []
        early = threading.Thread(target=lambda: answers.append(invoke(second)))
        early.start()
        second.call(second.cloud.route, ["fn"], session(lambda: response(b'"here"')).url, "t")
        early.join(20)

    assert answers == [(None, "here")]


def test_paused_function_is_waited_for_when_deadlines_are_not_enforced(run_cloud, tmp_path, session):
    released = threading.Event()

    def pause():
        assert released.wait(30)
        return response(b'"resumed"')

    with run_cloud(tmp_path) as cloud:
        create_placeholder(cloud, timeout=1)
        cloud.call(cloud.cloud.route, ["fn"], session(pause).url, "t", enforce_deadline=False)
        threading.Timer(7, released.set).start()

        assert invoke(cloud) == (None, "resumed")
