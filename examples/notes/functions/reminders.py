"""Reminders: the API puts a message on the queue, the consumer works it off."""

import json
from datetime import UTC, datetime
from typing import Any

from sundog_runtime import resources

from functions.responses import Event, Problem, Response, answer, http, json_body, note_id_of, user_of
from functions.store import NoteNotFound, note_store

LONGEST_DELAY_SECONDS = 900  # the longest that SQS can hold a message back


@http
def request(event: Event) -> Response:
    """Ask for a reminder of a note, now or in some seconds."""
    user_id, note_id = user_of(event), note_id_of(event)
    delay = json_body(event).get("delaySeconds", 0) if event.get("body") else 0
    if type(delay) is not int or not 0 <= delay <= LONGEST_DELAY_SECONDS:
        raise Problem(400, f"`delaySeconds` is not a number from 0 to {LONGEST_DELAY_SECONDS}")
    try:
        note_store().get(user_id, note_id)
    except NoteNotFound:
        raise Problem(404, "there is no such note") from None
    resources.reminders.client.send_message(
        QueueUrl=resources.reminders.queue_url,
        MessageBody=json.dumps({"userId": user_id, "noteId": note_id}),
        DelaySeconds=delay,
    )
    return answer(202, {"noteId": note_id, "delaySeconds": delay})


def send(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Consume the queue. Messages that failed are named, so that only those are delivered again."""
    failures = []
    for record in event["Records"]:
        try:
            _remind(json.loads(record["body"]))
        except (ValueError, KeyError, TypeError) as error:
            print(f"message {record['messageId']} is not a reminder: {error!r}")
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def _remind(message: dict[str, str]) -> None:
    try:
        note = note_store().update(
            message["userId"], message["noteId"], {"remindedAt": datetime.now(UTC).isoformat()}
        )
    except NoteNotFound:
        print(f"note {message['noteId']} was deleted before its reminder")
        return
    # A real app would send an e-mail here.
    print(f"reminder for {message['userId']}: {note['title']}")
