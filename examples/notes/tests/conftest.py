"""The whole app runs on the embedded cloud; each test begins with nothing in it."""

import pytest


@pytest.fixture
def api(fresh_sundog_app):
    """Call the API as a user; return the status and the decoded body."""

    def call(method, path, body=None, *, user="ada", **query):
        headers = {"x-user-id": user}
        response = fresh_sundog_app.request(method, path, json=body, headers=headers, query=query)
        return response.status, response.json() if response.body else None

    return call


@pytest.fixture
def note(api):
    """A note of ada's."""
    _, created = api("POST", "/notes", {"title": "Buy milk", "body": "oat"})
    return created
