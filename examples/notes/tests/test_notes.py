import base64
import json

import pytest

from functions.identifiers import is_identifier

UNKNOWN = "01KB0000000000000000000000"


def test_a_created_note_is_returned_by_get_and_list(api):
    status, note = api("POST", "/notes", {"title": "Buy milk", "body": "oat"})

    assert status == 201
    assert is_identifier(note["noteId"])
    assert note["createdAt"] == note["updatedAt"]
    assert api("GET", f"/notes/{note['noteId']}") == (200, note)
    assert api("GET", "/notes") == (200, {"notes": [note], "next": None})


def test_notes_of_others_are_not_seen(api, note):
    assert api("GET", f"/notes/{note['noteId']}", user="bob")[0] == 404
    assert api("GET", "/notes", user="bob")[1]["notes"] == []


def test_pages_are_newest_first_and_follow_each_other(api):
    for number in range(5):
        api("POST", "/notes", {"title": str(number)})

    _, first = api("GET", "/notes", limit="2")
    _, second = api("GET", "/notes", limit="2", before=first["next"])
    _, third = api("GET", "/notes", limit="2", before=second["next"])

    assert [[note["title"] for note in page["notes"]] for page in (first, second, third)] == [
        ["4", "3"],
        ["2", "1"],
        ["0"],
    ]
    assert third["next"] is None


def test_an_update_changes_only_what_is_given(api, note):
    status, updated = api("PUT", f"/notes/{note['noteId']}", {"body": "two litres"})

    assert status == 200
    assert (updated["title"], updated["body"]) == ("Buy milk", "two litres")
    assert updated["createdAt"] == note["createdAt"]


def test_a_deleted_note_is_gone_from_the_api_and_kept_in_the_archive(api, note, sundog_app):
    assert api("DELETE", f"/notes/{note['noteId']}") == (204, None)
    assert api("DELETE", f"/notes/{note['noteId']}")[0] == 404

    archive = sundog_app.function("delete").environment["ARCHIVE_TABLE"]
    (kept,) = sundog_app.client("dynamodb").scan(TableName=archive)["Items"]
    assert kept["title"] == {"S": "Buy milk"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the body is not JSON"),
        ("{", "the body is not JSON"),
        ("[]", "the body is not a JSON object"),
        ("{}", "`title` is missing"),
        ('{"title": "  "}', "`title` is empty"),
        ('{"title": 7}', "`title` is not a string"),
        (json.dumps({"title": "x" * 201}), "`title` is longer than 200 characters"),
        ('{"title": "x", "colour": "red"}', "unknown field `colour`"),
    ],
)
def test_a_wrong_body_is_answered_with_400(sundog_app, body, message):
    response = sundog_app.request("POST", "/notes", data=body)

    assert (response.status, response.json()) == (400, {"error": message})


@pytest.mark.parametrize("limit", ["0", "101", "-1", "ten", "1.5"])
def test_a_wrong_limit_is_answered_with_400(sundog_app, limit):
    assert sundog_app.request("GET", "/notes", query={"limit": limit}).status == 400


def test_a_wrong_cursor_is_answered_with_400(sundog_app):
    assert sundog_app.request("GET", "/notes?before=yesterday").status == 400


def test_an_update_without_changes_is_answered_with_400(api, note):
    assert api("PUT", f"/notes/{note['noteId']}", {})[0] == 400


@pytest.mark.parametrize("note_id", [UNKNOWN, "nonsense"])
def test_an_unknown_note_is_answered_with_404(api, note_id):
    assert api("GET", f"/notes/{note_id}")[0] == 404
    assert api("PUT", f"/notes/{note_id}", {"title": "x"})[0] == 404
    assert api("DELETE", f"/notes/{note_id}")[0] == 404


def test_a_base64_body_is_understood(sundog_app):
    body = base64.b64encode(json.dumps({"title": "Café"}).encode()).decode()

    response = sundog_app.invoke("create", {"headers": {}, "body": body, "isBase64Encoded": True})

    assert response["statusCode"] == 201


def test_the_saved_events_work(fresh_sundog_app):
    app = fresh_sundog_app
    created = app.invoke("create", app.saved_event("create-note"))
    listed = app.invoke("list_notes", app.saved_event("list-notes"))
    missing = app.invoke("get", app.saved_event("get-missing-note"))

    assert created["statusCode"] == 201
    assert [note["title"] for note in json.loads(listed["body"])["notes"]] == ["Buy milk"]
    assert missing["statusCode"] == 404


def test_a_badge_is_drawn(sundog_app):
    response = sundog_app.request("GET", "/badge", query={"label": "notes", "value": "3"})

    assert response.headers["content-type"] == "image/svg+xml"
    assert ">notes<" in response.text
