"""Real launchers, started in this process or in one that can be killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from anyio.from_thread import start_blocking_portal
from botocore.config import Config

from sundog.aws.embedded.cloud import EmbeddedCloud

REGION = "eu-west-1"
PARENT = """
import sys, anyio
from pathlib import Path
from sundog.aws.embedded.cloud import EmbeddedCloud

async def main():
    cloud = EmbeddedCloud(Path(sys.argv[1]), region="eu-west-1", snapshot_seconds=0.2)
    await cloud.start()
    print(cloud.endpoint_url, cloud.process_id, flush=True)
    await anyio.sleep_forever()

anyio.run(main)
"""


class RunningCloud:
    def __init__(self, cloud: EmbeddedCloud, portal: Any) -> None:
        self.cloud = cloud
        self.portal = portal

    @property
    def port(self) -> int:
        return int(self.cloud.endpoint_url.rpartition(":")[2])

    def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return self.portal.call(partial(method, *arguments, **named))

    def client(self, service: str) -> Any:
        return client_for(self.cloud.endpoint_url, service)

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.putrequest(method, path, skip_host="host" in (headers or {}))
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.putheader("content-length", str(len(body or b"")))
            connection.endheaders(body)
            response = connection.getresponse()
            return (
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read().decode(),
            )
        finally:
            connection.close()


def client_for(endpoint_url: str, service: str) -> Any:
    return boto3.Session().client(
        service,
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 1}),
    )


@contextlib.contextmanager
def running(state_dir: Path, **options: Any) -> Iterator[RunningCloud]:
    cloud = EmbeddedCloud(state_dir, **{"region": REGION, "snapshot_seconds": 0.2, **options})
    with start_blocking_portal() as portal:
        portal.call(cloud.start)
        try:
            yield RunningCloud(cloud, portal)
        finally:
            portal.call(cloud.stop)


@pytest.fixture(scope="session")
def run_cloud() -> Callable[..., contextlib.AbstractContextManager[RunningCloud]]:
    return running


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory) -> Iterator[RunningCloud]:
    """For tests that leave it as it is."""
    with running(tmp_path_factory.mktemp("cloud")) as started:
        yield started


class Parent:
    """A process that has started an embedded cloud."""

    def __init__(self, state_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(state_dir)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the parent did not start a cloud"
        self.endpoint_url, child = line.split()
        self.child = int(child)

    def client(self, service: str) -> Any:
        return client_for(self.endpoint_url, service)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def parent(tmp_path) -> Iterator[Parent]:
    started = Parent(tmp_path / "cloud")
    yield started
    started.kill()
    with contextlib.suppress(ProcessLookupError):
        os.kill(started.child, signal.SIGKILL)


def is_running(process_id: int) -> bool:
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        finished = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False
        )
        return finished.stdout.strip() not in {"", "Z"}
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.fixture(scope="session", name="is_running")
def is_running_fixture() -> Callable[[int], bool]:
    return is_running


@pytest.fixture(scope="session")
def wait_for() -> Callable[..., Any]:
    def wait(condition: Callable[[], Any], what: str, seconds: float = 20) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
            threading.Event().wait(0.02)
        return found

    return wait


@pytest.fixture(scope="session")
def snapshot_with() -> Callable[[Path, str, str], bool]:
    """Whether the newest snapshot of a service contains a text."""

    def contains(state_dir: Path, service: str, text: str) -> bool:
        numbers = sorted(
            (entry for entry in (state_dir / "snapshots").glob("*") if entry.name.isdigit()),
            key=lambda entry: int(entry.name),
        )
        file = numbers[-1] / f"{service}.json" if numbers else None
        try:
            return file is not None and text in json.dumps(json.loads(file.read_text()))
        except FileNotFoundError:
            # It was replaced by a newer one in the meantime.
            return False

    return contains
