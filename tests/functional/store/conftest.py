from __future__ import annotations

import time

import pytest

from sundog.model import events
from sundog.model.manifest import Trigger
from sundog.store.queries import reading
from sundog.store.writer import StoreWriter


class StoreUnderTest:
    """A writer on a folder of the test, and events to feed it."""

    def __init__(self, path, **settings):
        self.path = path
        self.notices = []
        settings.setdefault("environ", {})
        self.writer = StoreWriter(path, notify=self.notices.append, **settings)

    def start(self, request_id="11111111-aaaa", function="backend/list", payload=b"{}", **fields):
        fields.setdefault("trace_id", f"Root=1-{request_id}")
        self.writer(
            events.InvocationStarted(
                at=fields.pop("at", time.time()),
                request_id=request_id,
                function=function,
                environment=fields.pop("environment", "env-1"),
                cold=False,
                trigger=Trigger(kind="http", label="GET /notes"),
                payload=payload,
                deadline=0.0,
                **fields,
            )
        )

    def log(self, text, request_id="11111111-aaaa", function="backend/list", at=None):
        self.writer(
            events.LogWritten(
                at=time.time() if at is None else at,
                function=function,
                environment="env-1",
                request_id=request_id,
                stream="stdout",
                text=text,
            )
        )

    def finish(self, request_id="11111111-aaaa", function="backend/list", outcome="ok", **fields):
        self.writer(
            events.InvocationFinished(
                at=time.time(),
                request_id=request_id,
                function=function,
                environment=fields.pop("environment", "env-1"),
                outcome=outcome,
                duration_ms=3.5,
                **fields,
            )
        )

    def read(self):
        assert self.writer.flush(30), f"the writer did not finish; notices: {self.notices}"
        return reading(self.path)


@pytest.fixture
def make_store(tmp_path):
    made = []

    def make(path=None, **settings):
        store = StoreUnderTest(path or tmp_path / "local" / "events.db", **settings)
        made.append(store)
        store.writer.open()
        return store

    yield make
    for store in made:
        store.writer.close()


@pytest.fixture
def store(make_store):
    return make_store()
