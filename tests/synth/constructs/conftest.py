"""An app that uses what most apps do."""

from __future__ import annotations

import pytest

NOTES_APP = """
from aws_cdk import aws_dynamodb as dynamodb
from sundog import Api, App, Cron, Queue, Table

app = App()

@app.stack
def storage(stack):
    dynamodb.Table(stack, "archive", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING))
    return Table(stack, "notes", partition_key=("userId", "string"), sort_key=("noteId", "string"))

@app.stack
def backend(stack):
    notes = app.use(storage)
    queue = Queue(stack, "reminders", consumer="functions/reminders.send")
    api = Api(stack, "api", bind=[notes, queue], routes={
        "GET /notes": "functions/notes.list_notes",
        "POST /notes": "functions/notes.create",
        "GET /badge": "functions/badge.handler",
    })
    Cron(stack, "digest", schedule="rate(1 day)", job="functions/digest.run", bind=[notes])
    stack.outputs(ApiUrl=api.url)
"""


@pytest.fixture
def notes_app() -> str:
    """The text of its `app.py`, without `app.synth()`."""
    return NOTES_APP
