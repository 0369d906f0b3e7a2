"""Answers with what it was asked and the version of its own text."""

import os

from functions.words import WORD

VERSION = 0


def handler(event, context):
    asked = event.get("queryStringParameters") or {}
    return {
        "id": asked.get("id"),
        "version": VERSION,
        "word": WORD,
        "request": context.aws_request_id,
        "process": os.getpid(),
    }
