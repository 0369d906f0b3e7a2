"""Who is refused: web pages of other sites, foreign names, other machines, callers without the control token."""

from __future__ import annotations

import json
import socket

import pytest

SQS = {"x-amz-target": "AmazonSQS.ListQueues", "content-type": "application/x-amz-json-1.0"}


def own_addresses():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: the system only chooses the address it would send from.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [probe.getsockname()[0]]


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://127.0.0.1.evil.example:3000"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"referer": "https://evil.example/page"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/"), ("GET", "/?Action=CreateQueue&QueueName=x"), ("PUT", "/bucket"), ("OPTIONS", "/")],
)
def test_page_of_another_site_is_refused(shared_cloud, headers, method, path):
    status, answer, body = shared_cloud.request(method, path, {**SQS, **headers}, b"{}")

    assert status == 403
    assert "refused this request" in body
    assert "access-control-allow-origin" not in answer


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "[::2]",
        "",
        "a b",
        "[::",
    ],
)
def test_name_that_is_not_this_machines_is_refused(shared_cloud, host):
    status, _, _ = shared_cloud.request(
        "POST", "/", {**SQS, "host": host.format(port=shared_cloud.port)}, b"{}"
    )

    assert status in {400, 403}


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "http://localhost:5173"}, {"origin": "http://127.0.0.1:3000"}]
)
def test_program_or_page_of_this_machine_is_served(shared_cloud, headers):
    status, _, _ = shared_cloud.request("POST", "/", {**SQS, **headers}, b"{}")

    assert status == 200


def test_api_of_the_user_decides_itself_about_origins(shared_cloud):
    headers = {"origin": "https://app.example", "sec-fetch-site": "cross-site"}

    status, _, body = shared_cloud.request("GET", "/_aws/execute-api/00000000/$default/", headers)

    assert (status, json.loads(body)) == (404, {"message": "Not Found"})


@pytest.mark.parametrize("action", ["route", "unroute", "snapshot", "reset", "capabilities", "nothing"])
@pytest.mark.parametrize("token", [None, "", "wrong", "ä"])
def test_control_endpoint_needs_the_token(shared_cloud, action, token):
    headers = {} if token is None else {"x-sundog-control": token.encode().decode("latin-1")}

    status, _, body = shared_cloud.request("POST", f"/_sundog/{action}", headers, b"{}")

    assert status == 403
    assert "control token" in body


@pytest.mark.parametrize(
    "path",
    [
        "/_ministack/reset",
        "/_ministack/config",
        "/_localstack/config",
        "//_ministack/reset",
        "/_ministack/../_ministack/reset",
    ],
)
def test_endpoint_that_steers_the_emulator_does_nothing_without_the_token(shared_cloud, path):
    shared_cloud.client("sqs").create_queue(QueueName="guarded")

    status, _, _ = shared_cloud.request("POST", path, {}, b"{}")

    assert status >= 400 or path.startswith("//")
    assert any("guarded" in url for url in shared_cloud.client("sqs").list_queues()["QueueUrls"])


@pytest.mark.parametrize(("header", "value"), [("Origin", "https://evil.example"), ("Host", "evil.example")])
def test_websocket_of_another_site_is_refused(shared_cloud, header, value):
    lines = {
        "Host": f"127.0.0.1:{shared_cloud.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        header: value,
    }
    head = "\r\n".join(
        ["GET /mqtt HTTP/1.1", *(f"{name}: {content}" for name, content in lines.items()), "", ""]
    )
    with socket.create_connection(("127.0.0.1", shared_cloud.port), timeout=10) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(100)

    assert answer.split()[1] == b"403"


def test_other_machines_find_nothing_listening(shared_cloud):
    for address in own_addresses():
        with socket.socket() as probe:
            probe.settimeout(5)
            assert probe.connect_ex((address, shared_cloud.port)) != 0
    with socket.socket(socket.AF_INET6) as probe:
        assert probe.connect_ex(("::1", shared_cloud.port)) != 0


def test_environment_of_the_user_does_not_reach_the_emulator(run_cloud, tmp_path):
    import os
    from pathlib import Path

    environ = {**os.environ, "AWS_SECRET_ACCESS_KEY": "of-the-user", "AUTH": "true", "MY_SECRET": "x"}
    with run_cloud(tmp_path, environ=environ) as started:
        seen = Path(f"/proc/{started.cloud.process_id}/environ")
        content = seen.read_bytes() if seen.exists() else b""

    assert b"of-the-user" not in content
    assert b"MY_SECRET" not in content
