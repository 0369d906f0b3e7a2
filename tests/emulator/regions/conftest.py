"""A stage with two regions, worked on by the command as on AWS: only the endpoint is the embedded cloud's.

Between the command and the cloud stands a gate, which can refuse or hold up what goes to a service of one region.
"""

from __future__ import annotations

import http.client
import io
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import boto3
import pytest

from sundog.cli.run import run

APP = Path(__file__).parent / "app"
REGIONS = ("eu-west-1", "us-west-2")
_REFUSALS = {
    "cloudformation": "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>"
    "<Message>the gate is shut</Message></Error></ErrorResponse>",
}
"""In the words of services that do not speak JSON."""


class Gate:
    """An HTTP proxy that knows from a request's signature which region and service it is for."""

    def __init__(self, endpoint_url: str) -> None:
        self.target = urlsplit(endpoint_url)
        self.refused: set[tuple[str, str]] = set()
        """Regions and services whose requests are answered by an error."""
        self.held: set[tuple[str, str]] = set()
        """Those whose requests wait for `opened`."""
        self.waiting = threading.Event()
        self.opened = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, list[Any], bytes]:
        signed = re.search(r"Credential=[^/]+/\d+/([\w-]+)/(\w[\w-]*)/", headers.get("Authorization", ""))
        place = (signed[1], signed[2]) if signed else ("", "")
        if place in self.held:
            self.waiting.set()
            self.opened.wait(30)
        if place in self.refused:
            text = _REFUSALS.get(place[1], '{"__type":"AccessDeniedException","message":"the gate is shut"}')
            return 400, [("Content-Type", "application/json")], text.encode()
        connection = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=120)
        try:
            connection.request(method, path, body, dict(headers))
            answered = connection.getresponse()
            return answered.status, answered.getheaders(), answered.read()
        finally:
            connection.close()

    def _handler_class(gate) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the class's own self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, answer = gate.answer(self.command, self.path, self.headers, body)
                length = answer
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                        self.send_header(name, value)
                if self.command == "HEAD":
                    self.send_header("Content-Length", dict(headers).get("content-length", "0"))
                else:
                    self.send_header("Content-Length", str(len(length)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = forward  # noqa: N815 - names of the base class

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture(scope="package")
def gate(endpoint_url) -> Iterator[Gate]:
    gate = Gate(endpoint_url)
    yield gate
    gate.opened.set()
    gate.server.shutdown()
    gate.server.server_close()


@pytest.fixture
def open_gate(gate):
    """The gate, open again after the test."""
    yield gate
    gate.refused.clear()
    gate.held.clear()
    gate.opened.set()


@pytest.fixture(scope="package")
def client(cloud) -> Callable[..., Any]:
    """Clients of the account, which was bootstrapped in both regions, and whose databases run."""
    cloud.call(cloud.cloud.prepare_databases)
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")

    def client(service: str, region: str) -> Any:
        return session.client(service, region_name=region, endpoint_url=cloud.endpoint_url)

    for region in REGIONS:
        client("ssm", region).put_parameter(
            Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String", Overwrite=True
        )
        client("s3", region).create_bucket(
            Bucket=f"cdk-hnb659fds-assets-000000000000-{region}",
            CreateBucketConfiguration={"LocationConstraint": region},
        )
    return client


@pytest.fixture(scope="package")
def root(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("regions") / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__", ".sundog"))
    return folder


@pytest.fixture(scope="package")
def environ(client, gate) -> dict[str, str]:
    """The environment of commands: a person's who may do everything in the account."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return others | {
        "AWS_ENDPOINT_URL": gate.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "CDK_VALIDATION": "false",
        "COLUMNS": "120",
    }


@dataclass(frozen=True, kw_only=True)
class Done:
    """What a command left."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture(scope="package")
def sundog(root, environ) -> Callable[..., Done]:
    """Run the command line on the stage `prod`, in this process."""

    def run_command(*arguments: str, stage: str = "prod", folder: Path = root) -> Done:
        stdout, stderr = io.StringIO(), io.StringIO()
        # The AWS SDK reads the process's own environment. Only here: other tests run in this process.
        with pytest.MonkeyPatch.context() as patch, mock.patch.dict(os.environ, environ, clear=True):
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
            code = run(
                [*arguments, "--stage", stage], environ=environ, cwd=folder, stdout=stdout, stderr=stderr
            )
        return Done(code=code, stdout=stdout.getvalue(), stderr=stderr.getvalue())

    return run_command


@pytest.fixture(scope="package")
def start(root, environ) -> Callable[..., subprocess.Popen[str]]:
    """Start the command line in a process of its own."""

    def start(*arguments: str, stderr: int = subprocess.PIPE) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "sundog", *arguments],
            cwd=root,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    return start


@pytest.fixture(scope="package")
def deployed(sundog) -> Done:
    """The first deploy of the stage."""
    done = sundog("deploy")
    assert done.code == 0, done.stdout + done.stderr
    return done
