"""`resources.<secret>.value` against a server that can fail, over a real socket."""

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sundog_runtime import Resources, SecretNotSet


class Parameters:
    """A Systems Manager that knows GetParameters only."""

    def __init__(self):
        self.values = {}
        self.asked = []
        self.fails = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                names = json.loads(self.rfile.read(int(self.headers["content-length"])))["Names"]
                outer.asked.append(names)
                body = {
                    "Parameters": [{"Name": n, "Value": outer.values[n]} for n in names if n in outer.values]
                }
                status = 200
                if outer.fails:
                    status, body = 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments):
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def parameters(monkeypatch):
    started = Parameters()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{started.server.server_port}",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    yield started
    started.server.shutdown()
    started.server.server_close()


def bound(*names: str, **variables: str) -> Resources:
    environ = {
        f"SUNDOG_RESOURCE_{name.upper()}": json.dumps(
            {
                "kind": "Secret",
                "name": name,
                "parameter": f"/sundog/a/prod/secrets/{name}",
                "fallback": f"/f/{name}",
            }
        )
        for name in names
    }
    return Resources({**environ, **variables})


def test_all_secrets_of_a_function_are_fetched_together(parameters):
    names = [f"key{number}" for number in range(6)]
    parameters.values = {f"/f/{name}": f"{name}!" for name in names}
    resources = bound(*names)

    assert [resources[name].value for name in names] == [f"{name}!" for name in names]
    assert [len(asked) for asked in parameters.asked] == [10, 2]


def test_one_thread_fetches_for_all(parameters):
    parameters.values = {"/f/key": "value"}
    resources = bound("key")
    threads = [threading.Thread(target=lambda: resources.key.value) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(parameters.asked) == 1


def test_what_was_good_stays_while_systems_manager_fails(parameters, caplog):
    parameters.values = {"/f/key": "value"}
    resources = bound("key", SUNDOG_SECRET_SECONDS="0")
    before = resources.key.value
    parameters.fails = True

    with caplog.at_level(logging.WARNING, "sundog_runtime"):
        assert (before, resources.key.value) == ("value", "value")
    assert "the secrets could not be fetched again" in caplog.text
    assert "Rate exceeded" in caplog.text


def test_the_first_fetch_may_not_fail_silently(parameters):
    parameters.fails = True

    with pytest.raises(Exception, match="Rate exceeded"):
        _ = bound("key").key.value


def test_a_missing_value_is_asked_for_again(parameters):
    resources = bound("key")
    with pytest.raises(SecretNotSet, match="sundog secret set key --stage prod"):
        _ = resources.key.value
    parameters.values = {"/sundog/a/prod/secrets/key": "now"}

    assert resources.key.value == "now"
