"""`sundog coldstart --stage …` reads what Lambda reported from CloudWatch Logs."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from sundog.aws.endpoint import AwsConnection
from sundog.model.functions import DeployedFunction
from sundog.model.manifest import FunctionEntry
from sundog.model.project import Stage
from sundog.session.init_reports import reports_of_lambda

REGION = "eu-west-1"
STACK = "prod-coldstarts-backend"

pytestmark = pytest.mark.xdist_group("cold_starts")


@pytest.fixture(scope="module")
def reported(physical_name, endpoint_url):
    """Reads what the log of a function tells, as the command does, without measuring anything."""

    def read(function, endpoint=endpoint_url):
        connection = AwsConnection(Stage(name="prod", region=REGION), endpoint_url=endpoint)
        name = physical_name(f"{function}Function")
        deployed = DeployedFunction(
            entry=FunctionEntry(**(ENTRY | {"id": f"backend/{function}", "name": function})),
            physical_name=name,
            arn="",
            role_arn="",
            environment={},
            log_group=f"/aws/lambda/{name}",
        )
        notes = []
        return anyio.run(reports_of_lambda, connection, deployed, notes), notes

    return read


ENTRY = {
    "stack": STACK,
    "logical_id": "Function",
    "handler": "functions/report.handler",
    "runtime": "python3.12",
    "language": "python",
    "source": ".",
    "file": "functions/report.py",
    "function": "handler",
    "timeout_seconds": 3,
    "memory_mb": 1024,
}


@pytest.fixture(scope="module")
def write(client, physical_name):
    """Write lines to a new stream of a function's log, each with its age in hours."""

    def lines(function, *told):
        logs, name = client("logs"), f"/aws/lambda/{physical_name(f'{function}Function')}"
        with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=name)
        stream = f"2026/11/25/[$LATEST]{uuid.uuid4().hex}"
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        now = time.time()
        events = [
            {"timestamp": int((now - hours * 3600) * 1000), "message": message} for hours, message in told
        ]
        logs.put_log_events(
            logGroupName=name,
            logStreamName=stream,
            logEvents=sorted(events, key=lambda event: event["timestamp"]),
        )

    return lines


def report(*more, duration="2.50"):
    """What Lambda writes at the end of an invocation."""
    fields = [
        f"REPORT RequestId: {uuid.uuid4()}",
        f"Duration: {duration} ms",
        "Billed Duration: 3 ms",
        "Memory Size: 128 MB",
        "Max Memory Used: 40 MB",
        *more,
    ]
    return "\t".join(fields) + "\t\n"


def test_inits_are_read_from_all_streams_and_pages_the_newest_first(sundog, write):
    # Lines that match and are not reports fill the pages: CloudWatch ends one after 1 MB.
    noise = [(2 + number / 1000, f"Init Duration: 1 ms {'x' * 200_000}\n") for number in range(8)]
    write("report", (0.2, report()), (3, report("Init Duration: 300.00 ms")), *noise)
    write("report", (0.1, report("Init Duration: 100.50 ms")), (100, report("Init Duration: 400.00 ms")))
    write(
        "report",
        (1.5, report("Init Duration: 200.00 ms")),
        (0.01, "INIT_REPORT Init Duration: 9999.99 ms\tPhase: init\tStatus: timeout\n"),
        (200, report("Init Duration: 500.00 ms")),
    )

    finished = sundog("coldstart", "report", "--json")

    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout.splitlines()[0])
    # The one of 200 hours ago is not of the last seven days.
    assert found["reported_init_ms"] == [100.5, 200.0, 300.0, 400.0]
    assert found["import_ms"] > 0
    assert found["notes"] == []


def test_a_busy_function_tells_of_its_newest_cold_starts(reported, write):
    many = [(0.5 + number / 10_000, report(f"Init Duration: {number + 1}.00 ms")) for number in range(150)]
    write("busy", *many, (5, report("Init Duration: 9000.00 ms")))

    found, _ = reported("busy")

    assert found.init_ms == [float(number + 1) for number in range(100)]


def test_environments_from_a_snapshot_are_told_apart(sundog, write):
    write(
        "quick",
        (0.3, "RESTORE_REPORT Restore Duration: 597.51 ms\n"),
        (0.3, report("Restore Duration: 597.51 ms", "Billed Restore Duration: 120 ms")),
        (0.1, report("Restore Duration: 402.00 ms", "Billed Restore Duration: 100 ms")),
        (0.2, report("Init Duration: 655.00 ms")),
    )

    shown = sundog("coldstart", "quick").stdout

    assert "init on Lambda 655 ms  (1 cold start: 655 ms to 655 ms)" in shown
    assert "restore on Lambda 500 ms  (2 restored environments: 402 ms to 598 ms)" in shown


def test_a_function_whose_log_is_not_there_says_so(client, physical_name, reported):
    # The stack makes it; someone has removed it, and Lambda makes it again at the next invocation.
    client("logs").delete_log_group(logGroupName=f"/aws/lambda/{physical_name('silentFunction')}")

    found, (note,) = reported("silent")

    assert (found.init_ms, found.restore_ms) == ([], [])
    assert "Lambda has reported nothing: there is no log group `/aws/lambda/" in note


def test_a_log_without_a_cold_start_in_these_days_says_so(reported, write):
    write("idle", (0.1, report()), (300, report("Init Duration: 500.00 ms")))

    assert reported("idle")[1] == ["Lambda has reported no cold start in the last 7 days"]


def test_a_log_in_json_is_read_as_well(reported, write):
    def told(**metrics):
        record = {
            "requestId": str(uuid.uuid4()),
            "metrics": {"durationMs": 2.5, **metrics},
            "status": "success",
        }
        return json.dumps({"time": "2026-11-25T00:00:00.000Z", "type": "platform.report", "record": record})

    write("told", (0.2, told(initDurationMs=316.5)), (0.1, told()), (0.1, '{"message": "initDurationMs"}'))

    assert reported("told")[0].init_ms == [316.5]


@pytest.fixture(scope="module")
def refusing(endpoint_url):
    """An endpoint that is the embedded cloud's, for someone who may not read logs."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("X-Amz-Target") == "Logs_20140328.FilterLogEvents":
                self.answer(
                    400,
                    {"Content-Type": "application/x-amz-json-1.1"},
                    json.dumps(
                        {
                            "__type": "AccessDeniedException",
                            "message": "User: arn:aws:iam::000000000000:user/ada is not authorized to perform: "
                            "logs:FilterLogEvents on resource: * because no identity-based policy allows it",
                        }
                    ).encode(),
                )
            else:
                self.forward(body)

        def do_GET(self):
            self.forward(None)

        def forward(self, body):
            request = urllib.request.Request(
                endpoint_url + self.path, body, dict(self.headers), method=self.command
            )
            try:
                with urllib.request.urlopen(request, timeout=30) as answer:
                    self.answer(answer.status, answer.headers, answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    self.answer(error.code, error.headers, error.read())

        def answer(self, status, headers, body):
            self.send_response(status)
            for name in ("Content-Type", "x-amzn-errortype", "x-amzn-requestid"):
                if headers.get(name):
                    self.send_header(name, headers[name])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_who_may_not_read_logs_is_told_which_permission_is_missing(reported, refusing):
    found, (note,) = reported("report", refusing)

    assert "what Lambda reported could not be read" in note
    assert "logs:FilterLogEvents" in note
    assert found.init_ms == []
