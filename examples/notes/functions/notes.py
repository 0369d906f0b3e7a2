"""The notes API: list, create, get, update and delete notes of the caller."""

from datetime import UTC, datetime
from typing import Any

from functions.identifiers import is_identifier, new_identifier
from functions.responses import (
    Event,
    Problem,
    Response,
    answer,
    http,
    json_body,
    note_id_of,
    query_parameter,
    user_of,
)
from functions.store import NoteNotFound, note_store

TITLE_LIMIT = 200
BODY_LIMIT = 10_000
PAGE_LIMIT = 100


@http
def list_notes(event: Event) -> Response:
    limit = _limit(query_parameter(event, "limit"))
    before = query_parameter(event, "before")
    if before is not None and not is_identifier(before):
        raise Problem(400, "`before` is not a note's identifier")
    notes, following = note_store().page(user_of(event), limit, before)
    return answer(200, {"notes": [_public(note) for note in notes], "next": following})


@http
def create(event: Event) -> Response:
    fields = _fields(json_body(event))
    if "title" not in fields:
        raise Problem(400, "`title` is missing")
    now = _now()
    note = {
        "userId": user_of(event),
        "noteId": new_identifier(),
        "title": fields["title"],
        "body": fields.get("body", ""),
        "createdAt": now,
        "updatedAt": now,
    }
    note_store().put(note)
    return answer(201, _public(note))


@http
def get(event: Event) -> Response:
    try:
        return answer(200, _public(note_store().get(user_of(event), note_id_of(event))))
    except NoteNotFound:
        raise Problem(404, "there is no such note") from None


@http
def update(event: Event) -> Response:
    changes = _fields(json_body(event))
    if not changes:
        raise Problem(400, "nothing to change: give `title` or `body`")
    try:
        note = note_store().update(user_of(event), note_id_of(event), {**changes, "updatedAt": _now()})
    except NoteNotFound:
        raise Problem(404, "there is no such note") from None
    return answer(200, _public(note))


@http
def delete(event: Event) -> Response:
    try:
        note_store().delete(user_of(event), note_id_of(event))
    except NoteNotFound:
        raise Problem(404, "there is no such note") from None
    return answer(204)


def _limit(text: str | None) -> int:
    if text is None:
        return 20
    if not text.isdecimal() or not 1 <= int(text) <= PAGE_LIMIT:
        raise Problem(400, f"`limit` is not a number from 1 to {PAGE_LIMIT}")
    return int(text)


def _fields(body: dict[str, Any]) -> dict[str, str]:
    limits = {"title": TITLE_LIMIT, "body": BODY_LIMIT}
    if unknown := sorted(body.keys() - limits.keys()):
        raise Problem(400, f"unknown field `{unknown[0]}`")
    for name, text in body.items():
        if not isinstance(text, str):
            raise Problem(400, f"`{name}` is not a string")
        if len(text) > limits[name]:
            raise Problem(400, f"`{name}` is longer than {limits[name]} characters")
    if "title" in body and not body["title"].strip():
        raise Problem(400, "`title` is empty")
    return body


def _public(note: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in note.items() if name != "userId"}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
