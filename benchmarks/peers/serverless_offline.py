"""serverless-offline with Serverless Framework 3, the last without a licence key.

A Python handler's edits are picked up only with `--reloadHandler`, which makes a new interpreter for each request; without it
the interpreter is kept. So it is measured with the flag where code is edited, and without where it is not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks import handlers
from benchmarks.children import free_port, running
from benchmarks.client import until_answers
from benchmarks.peers.installation import node, node_environment, node_packages, python_environment
from benchmarks.peers.server import Peer, Server

SERVERLESS = "3.40.0"
VERSION = "13.9.0"

SERVICE = f"""\
service: peer
frameworkVersion: "3"
provider:
  name: aws
  runtime: python{sys.version_info.major}.{sys.version_info.minor}
  region: us-east-1
functions:
  index:
    handler: handler.index
    events:
      - httpApi: "GET /"
plugins:
  - serverless-offline
"""


def install(home: Path) -> Peer:
    modules = node_packages(
        home / "serverless-offline", {"serverless": SERVERLESS, "serverless-offline": VERSION}
    )
    python = python_environment(home / "serverless-offline-python", ["boto3"])
    return Peer(
        name=f"serverless-offline {VERSION} (Serverless {SERVERLESS})",
        serve=partial(_serve, modules, python, ["--reloadHandler"]),
        serve_fastest=partial(_serve, modules, python, []),
    )


@contextmanager
def _serve(modules: Path, python: Path, options: list[str], folder: Path) -> Iterator[Server]:
    port = free_port()
    folder.mkdir(parents=True)
    (folder / "node_modules").symlink_to(modules)
    (folder / "serverless.yml").write_text(SERVICE, "utf-8")
    file, log = folder / "handler.py", folder.with_suffix(".log")
    handlers.save(file, handlers.LAMBDA, 0)
    command = [
        node(),
        modules / "serverless" / "bin" / "serverless.js",
        "offline",
        "start",
        "--host",
        "127.0.0.1",
    ]
    ports = ["--httpPort", str(port), "--lambdaPort", str(free_port()), "--noTimeout"]
    environment = {**node_environment(python), "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"}
    with running([*command, *ports, *options], cwd=folder, log=log, environment=environment):
        server = Server(url=f"http://127.0.0.1:{port}/", handler_file=file, template=handlers.LAMBDA, log=log)
        until_answers(server.url, handlers.answer(0), deadline_seconds=90)
        yield server
