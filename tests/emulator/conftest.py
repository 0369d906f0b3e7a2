"""One embedded cloud for all tests of a worker, an AWS client for it, and a target for invocations.

Set `SUNDOG_CONFORMANCE_ENDPOINT` to score another AWS-compatible endpoint: flows that need invocations to be routed to
the tests are then skipped.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from anyio.from_thread import start_blocking_portal
from botocore.config import Config

from sundog.aws.embedded.cloud import EmbeddedCloud

REGION = "eu-west-1"
ROLE = "arn:aws:iam::000000000000:role/conformance"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "last: waits for a clock, which runs while the rest of the module does"
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what waits for a clock behind the other tests of its module, whatever order they were given."""
    for item in [item for item in items if item.get_closest_marker("last") is not None]:
        place = max(number for number, one in enumerate(items) if one.path == item.path)
        items.insert(place, items.pop(items.index(item)))


class RunningCloud:
    """An embedded cloud driven from tests, which are not asynchronous."""

    def __init__(self, cloud: EmbeddedCloud, portal: Any) -> None:
        self.cloud = cloud
        self.endpoint_url = cloud.endpoint_url
        self._portal = portal

    def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return self._portal.call(partial(method, *arguments, **named))


@contextlib.contextmanager
def running(state_dir, **options) -> Iterator[RunningCloud]:
    cloud = EmbeddedCloud(state_dir, **{"region": REGION, **options})
    with start_blocking_portal() as portal:
        portal.call(cloud.start)
        try:
            yield RunningCloud(cloud, portal)
        finally:
            portal.call(cloud.stop)


@pytest.fixture(scope="session")
def run_cloud():
    """Starts further clouds, for tests that stop theirs or leave mends out."""
    return running


@pytest.fixture(scope="session")
def cloud(tmp_path_factory) -> Iterator[RunningCloud]:
    if os.environ.get("SUNDOG_CONFORMANCE_ENDPOINT"):
        pytest.skip("invocations of another endpoint cannot be routed to the tests")
    with running(tmp_path_factory.mktemp("cloud")) as started:
        yield started


@pytest.fixture(scope="session")
def endpoint_url(request) -> str:
    return os.environ.get("SUNDOG_CONFORMANCE_ENDPOINT") or request.getfixturevalue("cloud").endpoint_url


class Aws:
    """boto3 clients for an endpoint, and what several tests do with them."""

    def __init__(self, endpoint_url: str) -> None:
        self.endpoint_url = endpoint_url
        self.client = cache(self._client)

    def _client(self, service: str) -> Any:
        return boto3.Session().client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}, read_timeout=150, max_pool_connections=100),
        )

    def deploy(
        self, resources: dict[str, Any], *, name: str | None = None, **template: Any
    ) -> dict[str, Any]:
        """Create or update a stack and return its description when it has reached its end."""
        stacks = self.client("cloudformation")
        name = name or f"stack-{uuid.uuid4().hex[:8]}"
        arguments = {
            "StackName": name,
            "TemplateBody": json.dumps({"Resources": resources, **template}),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
        }
        try:
            stacks.create_stack(**arguments)
        except stacks.exceptions.AlreadyExistsException:
            stacks.update_stack(**arguments)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        def stack() -> Any:
            found = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
            return None if found["StackStatus"].endswith("_IN_PROGRESS") else found

        return wait_for(stack, f"the stack {name} to reach its end")

    def reasons(self, stack: str) -> str:
        pages = self.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
        return "\n".join(
            event.get("ResourceStatusReason", "") for page in pages for event in page["StackEvents"]
        )

    def resource(self, stack: str, logical_id: str) -> str:
        described = self.client("cloudformation").describe_stack_resource(
            StackName=stack, LogicalResourceId=logical_id
        )
        return described["StackResourceDetail"]["PhysicalResourceId"]

    def queue(self, **attributes: str) -> tuple[str, str]:
        """Create a queue and return its address and ARN."""
        queues = self.client("sqs")
        url = queues.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}", Attributes=attributes)[
            "QueueUrl"
        ]
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, found["Attributes"]["QueueArn"]

    def messages(self, url: str, seconds: int = 10) -> list[dict[str, Any]]:
        received = self.client("sqs").receive_message(
            QueueUrl=url, WaitTimeSeconds=seconds, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return received.get("Messages", [])


@pytest.fixture(scope="session")
def aws(endpoint_url) -> Aws:
    return Aws(endpoint_url)


@pytest.fixture(scope="session")
def aws_at() -> type[Aws]:
    """Clients for a cloud that a test has started itself."""
    return Aws


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        pause.wait(0.02)
    return found


@pytest.fixture(scope="session", name="wait_for")
def wait_for_fixture() -> Callable[..., Any]:
    return wait_for


class Raised(Exception):
    """What a target's handler raises to make the invocation fail as Lambda reports it."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.payload = {"errorType": error_type, "errorMessage": message, "stackTrace": []}


class Throttled(Exception):
    """What a target's handler raises to be answered as throttled."""


class Target:
    """Stands for the session: an HTTP server that runs Python functions as handlers."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex
        self.handlers: dict[str, Callable[[Any, dict[str, str]], Any]] = {}
        self.seen: dict[str, list[tuple[Any, dict[str, str]]]] = {}
        self.headers: dict[str, str] = {}
        """What every answer carries besides."""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler_class())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/invoke"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if headers.get("x-sundog-token") != self.token:
            return 403, {}, b"wrong token"
        name, event = headers["x-amzn-lambda-function-name"], json.loads(body)
        self.seen.setdefault(name, []).append((event, headers))
        request_id = headers["x-amzn-lambda-request-id"]
        lines = [
            f"START RequestId: {request_id} Version: $LATEST",
            f"ran {name}",
            f"END RequestId: {request_id}",
        ]
        log = base64.b64encode("\n".join([*lines, f"REPORT RequestId: {request_id}"]).encode()).decode()
        answer = {
            "X-Amz-Log-Result": log,
            "X-Sundog-Log-Stream": "2026/11/23/[$LATEST]0123",
            **self.headers,
        }
        try:
            return 200, answer, json.dumps(self.handlers[name](event, headers)).encode()
        except Raised as error:
            return 200, {**answer, "X-Amz-Function-Error": "Unhandled"}, json.dumps(error.payload).encode()
        except Throttled:
            return 429, {}, b""

    def _handler_class(self) -> type[BaseHTTPRequestHandler]:
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, answer = target.answer(body, {k.lower(): v for k, v in self.headers.items()})
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments: Any) -> None:
                return

        return Handler


@pytest.fixture(scope="session")
def target(cloud) -> Iterator[Target]:
    started = Target()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture(scope="session")
def new_target() -> type[Target]:
    return Target


@pytest.fixture(scope="session")
def errors() -> Any:
    class Errors:
        raised = Raised
        throttled = Throttled

    return Errors


def code_of(files: dict[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture(scope="session")
def zipped() -> Callable[[dict[str, str]], bytes]:
    return code_of


@pytest.fixture(scope="session")
def make_function(aws, cloud, target) -> Callable[..., str]:
    """Creates a function that the target runs, and returns its name."""

    def make(handler: Callable[[Any, dict[str, str]], Any], **settings: Any) -> str:
        name = settings.pop("FunctionName", f"function-{uuid.uuid4().hex[:8]}")
        aws.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="index.handler",
            Role=ROLE,
            Code={"ZipFile": code_of({"README.txt": ""})},
            **{"Timeout": 5, **settings},
        )
        route(name, handler)
        return name

    def route(name: str, handler: Callable[[Any, dict[str, str]], Any]) -> None:
        target.handlers[name] = handler
        cloud.call(cloud.cloud.route, list(target.handlers), target.url, target.token)

    make.route = route  # type: ignore[attr-defined]
    return make


@pytest.fixture(scope="session")
def function_arn() -> Callable[[str], str]:
    return lambda name: f"arn:aws:lambda:{REGION}:000000000000:function:{name}"
