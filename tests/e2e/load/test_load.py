"""A thousand requests while a handler is saved all the time: each gets its own answer, none is lost, none old."""

from __future__ import annotations

import http.client
import json
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]

REQUESTS = 1000
AT_ONCE = 50
ECHO = "functions/echo.py"
LEAST_SAVES = 3
SAVE_PAUSE_SECONDS = 1.0


class Saver:
    """Saves the handler every second, and knows which version was surely ready."""

    def __init__(self, dev):
        self.ready = 0
        self.saved = 0
        self.failure = None
        self._dev = dev
        self._path = dev.root / ECHO
        self._text = self._path.read_text("utf-8")
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._path.write_text(self._text, "utf-8")

    def _run(self):
        try:
            while not self._stop.wait(SAVE_PAUSE_SECONDS):
                self._save(self.saved + 1)
        except AssertionError as error:
            self.failure = error

    def _save(self, version):
        mark = self._dev.mark()
        self.saved = version
        self._path.write_text(self._text.replace("VERSION = 0", f"VERSION = {version}"), "utf-8")
        # From here on every environment of the former version is replaced, or finishes what it does.
        self._dev.wait_for("FilesChanged", since=mark, where=lambda event: ECHO in event["files"])
        self.ready = version


@pytest.fixture
def ask(trials):
    """Sends one request over one of fifty connections."""
    address = urlsplit(trials.api)
    connections = [
        http.client.HTTPConnection(address.hostname, address.port, timeout=60) for _ in range(AT_ONCE)
    ]
    free = queue.SimpleQueue()
    for connection in connections:
        free.put(connection)

    def ask(number, saver):
        connection = free.get()
        at_least = saver.ready
        connection.request("GET", f"{address.path}/echo?id={number}")
        response = connection.getresponse()
        body = response.read()
        free.put(connection)
        return number, at_least, response.status, json.loads(body)

    yield ask
    for connection in connections:
        connection.close()


def test_a_thousand_requests_while_a_handler_is_saved(trials, ask):
    trials.request("GET", "/echo?id=first")

    with Saver(trials) as saver, ThreadPoolExecutor(AT_ONCE) as threads:
        answers = []
        # On a machine that answers them all within a second, none would meet a save.
        while saver.failure is None and (len(answers) < REQUESTS or saver.ready < LEAST_SAVES):
            numbers = range(len(answers), len(answers) + REQUESTS)
            answers += threads.map(ask, numbers, [saver] * REQUESTS)
        at_most = saver.saved

    assert saver.failure is None
    assert [(number, 200) for number in range(len(answers))] == [answer[::2] for answer in answers]
    assert [str(number) for number in range(len(answers))] == [body["id"] for *_, body in answers]
    assert len(answers) == len({body["request"] for *_, body in answers})
    assert [answer for answer in answers if not answer[1] <= answer[3]["version"] <= at_most] == []
