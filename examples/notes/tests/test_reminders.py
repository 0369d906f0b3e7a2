import json

import pytest
from functions import reminders

NOTE_ID = "01KB0000000000000000000000"


@pytest.fixture
def note(store):
    note = {"userId": "ada", "noteId": NOTE_ID, "title": "Buy milk"}
    store.put(note)
    return note


def test_a_request_puts_a_message_on_the_queue(note, call, queue):
    status, answer = call(reminders.request, noteId=NOTE_ID, body={"delaySeconds": 5})

    assert (status, answer) == (202, {"noteId": NOTE_ID, "delaySeconds": 5})
    assert queue == [
        {
            "QueueUrl": "https://queue.test/reminders",
            "MessageBody": json.dumps({"userId": "ada", "noteId": NOTE_ID}),
            "DelaySeconds": 5,
        }
    ]


@pytest.mark.parametrize("delay", [-1, 901, "5", 1.5, True])
def test_a_wrong_delay_is_answered_with_400(note, call, queue, delay):
    assert call(reminders.request, noteId=NOTE_ID, body={"delaySeconds": delay})[0] == 400
    assert queue == []


@pytest.mark.parametrize("note_id", ["01KB9999999999999999999999", "nonsense"])
def test_no_reminder_of_an_unknown_note(note, call, queue, note_id):
    assert call(reminders.request, noteId=note_id)[0] == 404
    assert queue == []


def test_the_consumer_marks_the_note(note, store, saved_event, capsys):
    result = reminders.send(saved_event("reminder-messages"), None)

    assert result == {"batchItemFailures": []}
    assert "remindedAt" in store.get("ada", NOTE_ID)
    assert capsys.readouterr().out == "reminder for ada: Buy milk\n"


def test_a_reminder_of_a_deleted_note_is_dropped(store, saved_event):
    assert reminders.send(saved_event("reminder-messages"), None) == {"batchItemFailures": []}


@pytest.mark.parametrize("body", ["not JSON", "{}", "[]", '{"userId": "ada"}'])
def test_only_the_message_that_is_wrong_is_delivered_again(note, store, saved_event, body):
    event = saved_event("reminder-messages")
    event["Records"].append({**event["Records"][0], "messageId": "wrong", "body": body})

    result = reminders.send(event, None)

    assert result == {"batchItemFailures": [{"itemIdentifier": "wrong"}]}
    assert "remindedAt" in store.get("ada", NOTE_ID)
