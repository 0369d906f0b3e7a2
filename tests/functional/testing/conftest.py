"""A user's project whose tests use the plugin, run by a pytest of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

APP = """
    from sundog import Api, App, Queue, Table

    app = App()


    @app.stack
    def backend(stack):
        notes = Table(stack, "notes", partition_key=("id", "string"))
        reminders = Queue(stack, "reminders", consumer={"handler": "functions/notes.remind", "bind": [notes]})
        Api(stack, "api", bind=[notes, reminders], routes={"PUT /notes/{id}": "functions/notes.put"})


    app.synth()
"""

NOTES = """
    import json

    from sundog_runtime import resources


    def put(event, context):
        note = {"id": event["pathParameters"]["id"], "title": json.loads(event["body"])["title"]}
        if not note["title"]:
            print("a note without a title")
            raise ValueError("no title")
        resources.notes.table.put_item(Item=note)
        resources.reminders.client.send_message(
            QueueUrl=resources.reminders.queue_url, MessageBody=json.dumps(note)
        )
        return {"statusCode": 201, "body": json.dumps(note)}


    def remind(event, context):
        for record in event["Records"]:
            note = json.loads(record["body"])
            resources.notes.table.update_item(
                Key={"id": note["id"]},
                UpdateExpression="SET reminded = :yes",
                ExpressionAttributeValues={":yes": True},
            )


    def unused():
        return "never"
"""

CONFTEST = """
    import pytest


    @pytest.fixture
    def note(fresh_sundog_app):
        response = fresh_sundog_app.request("PUT", "/notes/1", json={"title": "Buy milk"})
        assert response.status == 201, response.text
        return response.json()
"""


class UserProject:
    """Its folder and its test runs."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self.root = root
        self.environ = dict(environ)
        for path, text in {
            "pyproject.toml": '[tool.sundog]\nname = "shop"\n[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n',
            "app.py": APP,
            "functions/notes.py": NOTES,
            "tests/conftest.py": CONFTEST,
        }.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), "utf-8")

    @staticmethod
    def command(module: str, *options: str) -> list[str]:
        return [sys.executable, "-m", module, *options]

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*command),
            cwd=self.root,
            env=self.environ | variables,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def pytest(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *options, **variables)


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """This process's own, without what a test run of pytest-xdist or a measured one leaves in it."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "COV", "AWS_", "SUNDOG_"))
    }


@pytest.fixture(scope="session")
def make_project(tmp_path_factory, environ) -> Callable[[], UserProject]:
    return lambda: UserProject(tmp_path_factory.mktemp("user") / "shop ☕", environ)


@pytest.fixture(scope="module")
def shop(make_project) -> UserProject:
    """One project for all tests of a module: a synth is remembered from one test run to the next."""
    return make_project()
