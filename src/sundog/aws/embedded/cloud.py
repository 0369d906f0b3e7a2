"""The embedded cloud as a child process: started, watched, routed, stopped.

Its files, all in `.sundog/local/cloud/`:

    port            the project's port, chosen once
    process.json    who runs, so that the next start can end what a crash left
    log, log.1      what it printed, this time and the time before
    snapshots/      the state; s3/ objects; state/ keys and code; tmp/

The port is bound here and handed to the child, so a taken port is noticed before anything starts and nobody can come
between. The child ends when the pipe on its standard input does: it cannot outlive this process, however that ends.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.abc
import anyio.to_thread

from sundog.aws.embedded.addresses import rewrite_url, url_for
from sundog.aws.embedded.capabilities import embedded_capabilities
from sundog.aws.embedded.control import call_launcher
from sundog.aws.embedded.environment import LAUNCHER_PACKAGE, CloudEnvironment, cloud_environment
from sundog.aws.embedded.errors import CloudNotStarted, CloudStateNotWritable, CloudStopped
from sundog.aws.embedded.interface import Capabilities, ServiceKind
from sundog.aws.embedded.port import bind_port
from sundog.aws.embedded.postgres import postgres_packages
from sundog.aws.embedded.previous import end_previous, note_process
from sundog.model.programs import end_group
from sundog.model.threads import in_thread

START_SECONDS = 30.0
STOP_SECONDS = 5.0
_LOG_TAIL_LINES = 20
_CRASH_SECONDS = 3.0
"""How long the port of a process that was killed may stay taken, while its threads end."""


def _say_nothing(_line: str) -> None:
    return


class EmbeddedCloud:
    """The emulator of one project."""

    def __init__(
        self,
        state_dir: Path,
        *,
        region: str,
        port: int | None = None,
        progress: Callable[[str], None] = _say_nothing,
        environ: Mapping[str, str] = os.environ,
        snapshot_seconds: float = 3.0,
        start_seconds: float = START_SECONDS,
        stop_seconds: float = STOP_SECONDS,
        skipped_mends: tuple[str, ...] = (),
    ) -> None:
        """Describe a cloud; nothing is started or written.

        Args:
            state_dir: Everything is kept here: `.sundog/local/cloud/`.
            region: The region that requests without one belong to.
            port: Use this port instead of the project's own.
            progress: Told what is being done, in one line, when it takes time.
            environ: Names the cache folder; of the rest only what finds programs goes to the child.
            snapshot_seconds: How often the state is saved when it changed.
            start_seconds: How long the start may take.
            stop_seconds: How long a clean stop may take; then the process is killed.
            skipped_mends: Defects of the emulator to leave as they are, for the tests of the mends.
        """
        self.state_dir = state_dir
        self.region = region
        self._wanted_port = port
        self._progress = progress
        self._environ = environ
        self._snapshot_seconds = snapshot_seconds
        self._start_seconds = start_seconds
        self._stop_seconds = stop_seconds
        self._skipped_mends = skipped_mends
        self._control_token = secrets.token_urlsafe(32)
        self._process: anyio.abc.Process | None = None
        self._port = 0

    @property
    def endpoint_url(self) -> str:
        """Where the AWS API answers, once started."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def process_id(self) -> int | None:
        """The child's id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    @property
    def log_file(self) -> Path:
        """What the child printed since it started."""
        return self.state_dir / "log"

    async def start(self) -> None:
        """Start the emulator and return when it answers.

        Raises:
            CloudNotInstalled: Its environment could not be made.
            CloudStateNotWritable: The state folder cannot be written.
            CloudPortTaken: Another program has the project's port.
            CloudNotStarted: It ended or did not answer in time.
        """
        environment = await in_thread(cloud_environment, self._progress, self._environ)
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True)
            crashed = await anyio.to_thread.run_sync(end_previous, self.state_dir)
            with bind_port(self.state_dir, self._wanted_port, _CRASH_SECONDS if crashed else 0) as listener:
                self._port = listener.getsockname()[1]
                await self._spawn(environment, listener)
        except OSError as error:
            raise CloudStateNotWritable(
                f"`{self.state_dir}` cannot be written",
                where=str(error.filename or self.state_dir),
                why=error.strerror,
                fix="make the folder writable for your user, and check that the disk is not full",
            ) from error
        try:
            await self._wait_healthy()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.stop()
            raise

    async def stop(self) -> None:
        """Save everything and end the process; nothing happens when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        with anyio.CancelScope(shield=True):
            if process.returncode is None:
                process.terminate()
                with anyio.move_on_after(self._stop_seconds + 1):
                    await process.wait()
            end_group(process.pid)
            await process.aclose()
            (self.state_dir / "process.json").unlink(missing_ok=True)

    async def wait_exit(self) -> int:
        """Wait for the process to end, and return its status.

        Raises:
            CloudStopped: It was not started.
        """
        process = self._running()
        status = await process.wait()
        # What it started may live on when it was killed.
        end_group(process.pid)
        await process.aclose()
        return status

    async def route(
        self,
        functions: Iterable[str],
        url: str,
        token: str,
        *,
        enforce_deadline: bool = True,
        finds_functions: bool = False,
    ) -> None:
        """Send invocations of these functions (physical names) to a session; replaces what was routed before.

        Args:
            functions: Physical names.
            url: Gets one HTTP POST per invocation.
            token: Goes with each as `X-Sundog-Token`.
            enforce_deadline: Whether to answer for a session that is silent after the function's timeout. Not when a
                debugger may hold a function for as long as it likes.
            finds_functions: Whether events of other functions of the app go there, too: those that are being deployed.
        """
        await self._call(
            "route",
            {
                "functions": sorted(functions),
                "url": url,
                "token": token,
                "enforce_deadline": enforce_deadline,
                "finds_functions": finds_functions,
            },
        )

    async def unroute(self) -> None:
        """Send no more invocations to the session; until the next `route` they fail and say why."""
        await self._call("unroute")

    async def reset(self) -> None:
        """Delete everything in the cloud."""
        await self._call("reset")

    async def prepare_databases(self) -> None:
        """Have the Data API answer; Postgres is installed the first time, and runs until the cloud stops."""
        packages = await in_thread(postgres_packages, self._progress, self._environ)
        await self._call("postgres", {"packages": str(packages)})

    async def snapshot(self) -> None:
        """Save everything now."""
        await self._call("snapshot")

    def capabilities(self) -> Capabilities:
        """Tell what can be deployed."""
        return embedded_capabilities()

    def url_for(self, kind: ServiceKind, identifier: str, stage: str = "$default") -> str:
        """Return the address at which a resource answers on this machine."""
        return url_for(self.endpoint_url, kind, identifier, stage)

    def rewrite_url(self, text: str) -> str:
        """Replace AWS host names of this cloud's resources in a text by addresses that answer on this machine."""
        return rewrite_url(self.endpoint_url, text)

    async def _spawn(self, environment: CloudEnvironment, listener: socket.socket) -> None:
        bootstrap = (
            f"import sys; sys.path.insert(0, {str(environment.launcher)!r});"
            f" from {LAUNCHER_PACKAGE}.main import main; main()"
        )
        if self.log_file.exists():
            self.log_file.replace(self.log_file.with_name("log.1"))
        with self.log_file.open("wb") as log:
            process = await anyio.open_process(
                [str(environment.python), "-I", "-X", "utf8", "-c", bootstrap],
                stdout=log.fileno(),
                stderr=log.fileno(),
                cwd=self.state_dir,
                env=_child_environment(self._environ),
                start_new_session=True,
                pass_fds=[listener.fileno()],
            )
        self._process = process
        note_process(self.state_dir, process.pid)
        settings = {
            "listen_fd": listener.fileno(),
            "port": self._port,
            "state_dir": str(self.state_dir.resolve()),
            "control_token": self._control_token,
            "region": self.region,
            "snapshot_seconds": self._snapshot_seconds,
            "shutdown_seconds": self._stop_seconds,
            "skipped_mends": self._skipped_mends,
        }
        assert process.stdin is not None  # noqa: S101 - open_process makes a pipe unless told otherwise
        try:
            await process.stdin.send(json.dumps(settings).encode() + b"\n")
        except anyio.BrokenResourceError as error:
            raise self._not_started("its process ended at once") from error

    async def _wait_healthy(self) -> None:
        with anyio.move_on_after(self._start_seconds):
            while self._running().returncode is None:
                if await anyio.to_thread.run_sync(_is_healthy, self._port):
                    return
                await anyio.sleep(0.01)
            raise self._not_started(f"its process ended with status {self._running().returncode}")
        raise self._not_started(f"it did not answer within {self._start_seconds:.0f} seconds")

    def _not_started(self, why: str) -> CloudNotStarted:
        lines = self.log_file.read_text("utf-8", "replace").splitlines()
        return CloudNotStarted(
            "the embedded cloud did not start",
            where=str(self.log_file),
            why=why,
            fix=[
                "run the command again",
                f"or start with an empty one: remove `{self.state_dir}`, and with it the local stage's data",
            ],
            details=lines[-_LOG_TAIL_LINES:],
        )

    async def _call(self, action: str, content: Any = None) -> Any:
        self._running()
        return await anyio.to_thread.run_sync(call_launcher, self._port, self._control_token, action, content)

    def _running(self) -> anyio.abc.Process:
        if self._process is None:
            raise CloudStopped("the embedded cloud is not running", fix="start it with `sundog dev`")
        return self._process


def _child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    # The emulator's own executors give their whole environment to the code they run, so nothing secret may be in it.
    kept = {
        name: environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE") if name in environ
    }
    return {"PATH": os.defpath, **kept}


def _is_healthy(port: int) -> bool:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if sys.platform == "win32":
    raise ImportError("the embedded cloud needs Linux or macOS")
