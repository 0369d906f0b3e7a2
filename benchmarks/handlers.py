"""The same handler for everybody: it imports boto3, makes a client once, answers with its version."""

from __future__ import annotations

from pathlib import Path
from string import Template

LAMBDA = Template("""\
import json

import boto3

client = boto3.client("dynamodb", region_name="us-east-1")
VERSION = "$version"


def index(event, context):
    return {"statusCode": 200, "body": json.dumps({"version": VERSION})}
""")

CHALICE = Template("""\
import boto3
from chalice import Chalice

app = Chalice(app_name="peer")
client = boto3.client("dynamodb", region_name="us-east-1")
VERSION = "$version"


@app.route("/")
def index():
    return {"version": VERSION}
""")

FLASK = Template("""\
import boto3

client = boto3.client("dynamodb", region_name="us-east-1")
VERSION = "$version"


def index(request):
    return {"version": VERSION}
""")


def save(file: Path, template: Template, version: int) -> None:
    """Write a version of the handler as an editor's save does.

    The text's length differs from the last one's: Python's bytecode caches compare size and whole seconds.
    """
    padding = "# " + "x" * (version % 61) + "\n"
    file.write_text(template.substitute(version=version) + padding, "utf-8")


def answer(version: int) -> bytes:
    """What the body of an answer of that version contains, in every server's JSON style."""
    return f'"{version}"'.encode()
