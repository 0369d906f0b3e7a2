"""Another program: run to its end, or ended with all that it started when nobody waits for it any more."""

from __future__ import annotations

import os
import socket
import sys

import anyio
import pytest

from sundog.model.programs import run_program


@pytest.fixture
def listener():
    """Where a program's child reports; the connection ends with that child."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


def program_with_child(listener):
    host, port = listener.getsockname()
    child = f"import socket; socket.create_connection(({host!r}, {port})).recv(1)"
    return [
        sys.executable,
        "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])",
    ]


def accepted(listener):
    connection, _ = listener.accept()
    connection.settimeout(60)
    return connection


def test_what_a_program_writes_and_its_status_are_returned(tmp_path):
    program = (
        "import sys; print(sys.stdin.read(), 'to one'); print('to the other', file=sys.stderr); sys.exit(3)"
    )

    together = run_program([sys.executable, "-u", "-c", program], folder=tmp_path, environ=os.environ)
    apart = run_program(
        [sys.executable, "-c", program], folder=tmp_path, environ=os.environ, text="typed", apart=True
    )

    assert (together.status, together.output) == (3, " to one\nto the other\n")
    assert (apart.output, apart.errors) == ("typed to one\n", "to the other\n")


def test_a_cancelled_task_ends_the_program_and_what_it_started(tmp_path, listener):
    def run():
        run_program(program_with_child(listener), folder=tmp_path, environ=os.environ)

    async def main():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(anyio.to_thread.run_sync, run)
            connection = await anyio.to_thread.run_sync(accepted, listener)
            tasks.cancel_scope.cancel()
        return connection

    with anyio.run(main) as connection:
        assert connection.recv(1) == b""


def test_a_program_that_takes_too_long_is_ended(tmp_path, listener):
    with pytest.raises(TimeoutError):
        run_program(program_with_child(listener), folder=tmp_path, environ=os.environ, limit_seconds=0.2)
