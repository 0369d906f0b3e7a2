import base64
import json

import pytest
from functions import notes
from functions.identifiers import is_identifier


def test_a_created_note_is_returned_by_get_and_list(store, call):
    status, note = call(notes.create, body={"title": "Buy milk", "body": "oat"})

    assert status == 201
    assert is_identifier(note["noteId"])
    assert note["createdAt"] == note["updatedAt"]
    assert call(notes.get, noteId=note["noteId"]) == (200, note)
    assert call(notes.list_notes) == (200, {"notes": [note], "next": None})


def test_notes_of_others_are_not_seen(store, call):
    _, note = call(notes.create, user="ada", body={"title": "mine"})

    assert call(notes.get, user="bob", noteId=note["noteId"])[0] == 404
    assert call(notes.list_notes, user="bob")[1]["notes"] == []


def test_pages_are_newest_first_and_follow_each_other(store, call):
    for number in range(5):
        note_id = f"0000000000000000000000000{number}"
        store.put({"userId": "ada", "noteId": note_id, "title": str(number)})

    _, first = call(notes.list_notes, query={"limit": "2"})
    _, second = call(notes.list_notes, query={"limit": "2", "before": first["next"]})
    _, third = call(notes.list_notes, query={"limit": "2", "before": second["next"]})

    assert [[note["title"] for note in page["notes"]] for page in (first, second, third)] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert third["next"] is None


def test_an_update_changes_only_what_is_given(store, call):
    _, note = call(notes.create, body={"title": "Buy milk", "body": "oat"})

    status, updated = call(notes.update, noteId=note["noteId"], body={"body": "two litres"})

    assert status == 200
    assert (updated["title"], updated["body"]) == ("Buy milk", "two litres")
    assert updated["createdAt"] == note["createdAt"]


def test_a_deleted_note_is_gone(store, call):
    _, note = call(notes.create, body={"title": "Buy milk"})

    assert call(notes.delete, noteId=note["noteId"]) == (204, None)
    assert call(notes.delete, noteId=note["noteId"])[0] == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is not JSON"),
        ("{", "the body is not JSON"),
        ("[]", "the body is not a JSON object"),
        ({}, "`title` is missing"),
        ({"title": "  "}, "`title` is empty"),
        ({"title": 7}, "`title` is not a string"),
        ({"title": "x" * 201}, "`title` is longer than 200 characters"),
        ({"title": "x", "colour": "red"}, "unknown field `colour`"),
    ],
)
def test_a_wrong_body_is_answered_with_400(store, call, body, message):
    assert call(notes.create, body=body) == (400, {"error": message})
    assert store.notes == {}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
def test_a_wrong_limit_is_answered_with_400(store, call, limit):
    assert call(notes.list_notes, query={"limit": limit})[0] == 400


def test_a_wrong_cursor_is_answered_with_400(store, call):
    assert call(notes.list_notes, query={"before": "yesterday"})[0] == 400


def test_an_update_without_changes_is_answered_with_400(store, call):
    _, note = call(notes.create, body={"title": "Buy milk"})

    assert call(notes.update, noteId=note["noteId"], body={})[0] == 400


@pytest.mark.parametrize("note_id", ["01KB0000000000000000000000", "nonsense"])
def test_an_unknown_note_is_answered_with_404(store, call, note_id):
    assert call(notes.get, noteId=note_id)[0] == 404
    assert call(notes.update, noteId=note_id, body={"title": "x"})[0] == 404
    assert call(notes.delete, noteId=note_id)[0] == 404


def test_a_base64_body_is_understood(store):
    body = base64.b64encode(json.dumps({"title": "Café"}).encode()).decode()

    response = notes.create({"headers": {}, "body": body, "isBase64Encoded": True}, None)

    assert response["statusCode"] == 201


def test_the_saved_events_work(store, saved_event):
    created = notes.create(saved_event("create-note"), None)
    listed = notes.list_notes(saved_event("list-notes"), None)
    missing = notes.get(saved_event("get-missing-note"), None)

    assert created["statusCode"] == 201
    assert [note["title"] for note in json.loads(listed["body"])["notes"]] == ["Buy milk"]
    assert missing["statusCode"] == 404
