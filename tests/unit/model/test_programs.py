"""Another program: run to its end, or ended with all that it started when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading

import anyio
import pytest

from sundog.model.cache import locked
from sundog.model.programs import run_program
from sundog.model.threads import in_thread


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


async def cancelled_by_its_scope(work, listener):
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(in_thread, work)
        connection = await anyio.to_thread.run_sync(accepted, listener)
        tasks.cancel_scope.cancel()
    return connection


async def cancelled_by_itself(work, listener):
    task = asyncio.create_task(in_thread(work))
    connection = await asyncio.to_thread(accepted, listener)
    task.cancel()
    await asyncio.wait({task})
    return connection


@pytest.mark.parametrize("cancelled", [cancelled_by_its_scope, cancelled_by_itself])
def test_a_cancelled_task_ends_the_program_and_what_it_started(tmp_path, listener, cancelled):
    cleaned_up = threading.Event()

    def work():
        try:
            run_program(program_with_child(listener), folder=tmp_path, environ=os.environ)
        finally:
            cleaned_up.set()

    async def main():
        connection = await cancelled(work, listener)
        return connection, cleaned_up.is_set()

    connection, was_waited_for = asyncio.run(main())
    with connection:
        assert connection.recv(1) == b""
    assert was_waited_for


def test_a_cancelled_task_does_not_wait_for_the_lock_of_another_process(tmp_path):
    file = tmp_path / "lock"
    waits = threading.Event()

    def work():
        waits.set()
        with locked(file):
            raise AssertionError("two have the lock")

    async def main():
        task = asyncio.create_task(in_thread(work))
        await asyncio.to_thread(waits.wait)
        task.cancel()
        async with asyncio.timeout(60):
            await asyncio.wait({task})
        return task.cancelled()

    with locked(file):
        assert asyncio.run(main())


def test_what_a_function_returns_or_raises_is_its_caller_s():
    assert asyncio.run(in_thread(divmod, 7, 2)) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 7, 0))


def test_a_program_that_takes_too_long_is_ended(tmp_path, listener):
    with pytest.raises(TimeoutError):
        run_program(program_with_child(listener), folder=tmp_path, environ=os.environ, limit_seconds=0.2)
