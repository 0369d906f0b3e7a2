"""debugpy's adapter as a child of the session.

It runs from sundog's own environment, with two ports on loopback: one for editors (the relay alone connects there), one
for workers. Workers show a token, so no other program can pose as one.

The adapter makes itself a daemon and ends when the last worker disconnects; the anchor stays connected as long as the
session lives.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sundog.errors import LiveError

_START_SECONDS = 30.0

_PROGRAM = Path(__file__).with_name("adapter_program.py")


class AdapterNotStarted(LiveError):
    """debugpy's adapter, which connects the editor and the Python workers, did not start.

    It comes with sundog and runs in sundog's own Python.
    """

    code = "SD-LIVE-050"


@dataclass(frozen=True, kw_only=True)
class Adapter:
    """Where a running adapter listens, and the token it wants."""

    editors: tuple[str, int]
    workers: tuple[str, int]
    token: str
    """Workers show it to the adapter."""


async def start_adapter(python: str = sys.executable) -> Adapter:
    """Start an adapter and wait until it listens.

    Raises:
        AdapterNotStarted: It ended, or said nothing in half a minute.
    """
    token = secrets.token_hex(32)
    endpoints: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def on_report(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()
        writer.close()
        if not endpoints.done():
            endpoints.set_result(json.loads(data))

    server = await asyncio.start_server(on_report, "127.0.0.1", 0)
    async with server:
        report_port = server.sockets[0].getsockname()[1]
        options = ("--for-server", str(report_port), "--host", "127.0.0.1", "--port", "0")
        with tempfile.TemporaryFile() as errors:
            process = await asyncio.create_subprocess_exec(
                *(python, "-P", _PROGRAM, *options),
                env={**os.environ, "SUNDOG_ADAPTER_TOKEN": token},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            # It forks, and this first process ends at once; the other keeps the file open, as it would a pipe.
            status = await process.wait()
            report = {} if status else await _first(endpoints)
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
    if "client" not in report or "server" not in report:
        reason = report.get("error") or said.rpartition("\n")[2]
        raise AdapterNotStarted(
            "debugpy's adapter did not start",
            why=reason or "it did not say where it listens",
            fix="run `uv sync` to repair the installation of debugpy",
        )
    return Adapter(
        editors=(report["client"]["host"], report["client"]["port"]),
        workers=(report["server"]["host"], report["server"]["port"]),
        token=token,
    )


async def _first(endpoints: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_START_SECONDS):
            return await endpoints
    except TimeoutError:
        return {}
