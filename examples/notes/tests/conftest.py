"""The handlers run here without a cloud: their store is a dictionary."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from functions import digest, notes, reminders
from functions.store import NoteNotFound

EVENTS = Path(__file__).parent.parent / "events"


class MemoryStore:
    """What NoteStore does, in memory."""

    def __init__(self):
        self.notes = {}

    def page(self, user_id, limit, before=None):
        mine = sorted((key[1] for key in self.notes if key[0] == user_id), reverse=True)
        rest = [note_id for note_id in mine if before is None or note_id < before]
        chosen = rest[:limit]
        following = chosen[-1] if len(rest) > limit else None
        return [self.notes[user_id, note_id] for note_id in chosen], following

    def put(self, note):
        self.notes[note["userId"], note["noteId"]] = note

    def get(self, user_id, note_id):
        if (user_id, note_id) not in self.notes:
            raise NoteNotFound(note_id)
        return self.notes[user_id, note_id]

    def update(self, user_id, note_id, changes):
        note = {**self.get(user_id, note_id), **changes}
        self.put(note)
        return note

    def delete(self, user_id, note_id):
        self.get(user_id, note_id)
        del self.notes[user_id, note_id]

    def created_since(self, moment):
        return [note for note in self.notes.values() if note["createdAt"] >= moment.isoformat()]


@pytest.fixture
def store(monkeypatch):
    memory = MemoryStore()
    for module in (notes, reminders, digest):
        monkeypatch.setattr(module, "note_store", lambda: memory)
    return memory


@pytest.fixture
def queue(monkeypatch):
    """The messages that were sent to the queue."""
    sent = []
    client = SimpleNamespace(send_message=lambda **message: sent.append(message))
    queue = SimpleNamespace(client=client, queue_url="https://queue.test/reminders")
    monkeypatch.setattr(reminders, "resources", SimpleNamespace(reminders=queue))
    return sent


@pytest.fixture
def saved_event():
    """Read one of the events that `sundog invoke --event` uses too."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


@pytest.fixture
def call():
    """Call an HTTP handler; return the status and the decoded body."""

    def call(handler, *, body=None, user="ada", query=None, **path):
        event = {"headers": {"x-user-id": user}, "pathParameters": path}
        if query:
            event["queryStringParameters"] = query
        if body is not None:
            event["body"] = body if isinstance(body, str) else json.dumps(body)
        response = handler(event, None)
        return response["statusCode"], json.loads(response["body"]) if "body" in response else None

    return call
