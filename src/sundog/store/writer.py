"""The store's one writer: an observer that hands each event to a thread of its own.

The session's event loop only appends to a queue; redaction, compression and SQLite happen in the thread, in batches of
one transaction. What a crash loses is the batch under way, at most `_BATCH_SECONDS` old.

The queue is bounded in events and in bytes. An event that does not fit is dropped and counted, and a notice says how many
were: the session goes on, at its own speed. The same holds for a full disk: one notice, and another attempt with each later
batch until writing works again.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from sundog.model.events import Event, InvocationFinished, InvocationStarted, LogWritten, Notice
from sundog.model.redaction import Redactor
from sundog.store.database import Opened, is_damage, move_aside, open_for_writing
from sundog.store.recording import Recorder
from sundog.store.retention import trim

DEFAULT_LIMIT_BYTES = 200 * 1000 * 1000
_BATCH_SECONDS = 0.05
_BATCH_EVENTS = 2000
_QUEUE_EVENTS = 100_000
_QUEUE_BYTES = 128 * 1024 * 1024
_RETRY_SECONDS = 5.0


class StoreWriter:
    """Records what a session does. `open` before, `close` after; calling it never blocks and never raises.

    Example:
        >>> with StoreWriter(project.events_db("local"), notify=print) as store:
        ...     store(event)
    """

    def __init__(
        self,
        path: Path,
        *,
        notify: Callable[[Notice], None],
        environ: Mapping[str, str] = os.environ,
        limit_bytes: int = DEFAULT_LIMIT_BYTES,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            path: The database.
            notify: Told what a person should know. Called from the writer's thread.
            environ: Values of its secret-looking variables are never written.
            limit_bytes: The size above which the oldest history is dropped.
            now: The wall clock.
        """
        self.path = path
        self.redactor = Redactor(environ)
        """Add the functions' own variables with `add_environment`."""
        self._notify = notify
        self._limit_bytes = limit_bytes
        self._now = now
        self._queue: deque[tuple[Event, int]] = deque()
        self._queued_bytes = 0
        self._dropped = 0
        self._wake = threading.Condition()
        self._stopping = False
        self._submitted = 0
        self._handled = 0
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._recorder: Recorder | None = None
        self._failing = False
        self._retry_at = 0.0

    def open(self) -> None:
        """Open the database and start the thread. A database that cannot be opened is said, and tried again later."""
        self._try_open()
        self._thread = threading.Thread(target=self._run, name="sundog-store", daemon=True)
        self._thread.start()

    def close(self, timeout_seconds: float = 10.0) -> None:
        """Write what is queued and close. Safe to call twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        thread.join(timeout_seconds)

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __call__(self, event: Event) -> None:
        """Queue one event."""
        size = _size_of(event)
        with self._wake:
            if len(self._queue) >= _QUEUE_EVENTS or self._queued_bytes + size > _QUEUE_BYTES:
                self._dropped += 1
                return
            self._queue.append((event, size))
            self._queued_bytes += size
            self._submitted += 1
            if len(self._queue) == 1:
                self._wake.notify_all()

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until everything queued so far is on disk; return whether it was in time."""
        with self._wake:
            target = self._submitted
            return self._wake.wait_for(lambda: self._handled >= target, timeout_seconds)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(lambda: self._queue or self._stopping)
                if not self._stopping:
                    # More events are about to come; one transaction for all of them.
                    self._wake.wait_for(
                        lambda: self._stopping or len(self._queue) >= _BATCH_EVENTS, _BATCH_SECONDS
                    )
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH_EVENTS))]
                self._queued_bytes -= sum(size for _, size in batch)
                dropped, self._dropped = self._dropped, 0
                ended = self._stopping and not batch
            if ended:
                break
            if dropped:
                self._warn(f"the event store fell behind: {dropped} events were not recorded")
            self._write([event for event, _ in batch])
            with self._wake:
                self._handled += len(batch)
                self._wake.notify_all()
        if self._connection is not None:
            self._connection.close()

    def _write(self, batch: list[Event]) -> None:
        if self._connection is not None and not self.path.exists():
            # What is written to a file without a name is read by nobody.
            self._connection.close()
            self._connection = None
            self._warn(
                f"{self.path} was removed while the session runs; a new event store is begun",
                fix="when all of `.sundog` was removed, start `sundog dev` again: other commands no longer find this session",
            )
        if self._connection is None and (self._now_monotonic() < self._retry_at or not self._try_open()):
            return
        try:
            self._write_batch(batch)
        except sqlite3.Error as error:
            if is_damage(error):
                self._start_over(str(error), batch)
            else:
                self._failed(error)
        except Exception as error:  # noqa: BLE001 - an unforeseen event must not end the recording of all others
            self._failed(error)
        else:
            if self._failing:
                self._failing = False
                self._notify(
                    Notice(at=self._now(), level="info", text="the event store is being written again")
                )

    def _write_batch(self, batch: list[Event]) -> None:
        connection, recorder = self._connection, self._recorder
        if connection is None or recorder is None:
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            for event in batch:
                recorder.record(event)
            connection.execute("COMMIT")
        except BaseException:
            # A full disk rolls back by itself.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        trim(connection, self._limit_bytes)

    def _try_open(self) -> bool:
        try:
            opened = open_for_writing(self.path, now=self._now)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)
            return False
        self._use(opened)
        return True

    def _use(self, opened: Opened) -> None:
        self._connection = opened.connection
        self._recorder = Recorder(opened.connection, self.redactor)
        if opened.moved_aside is not None:
            self._warn(
                f"the event store `{self.path.name}` could not be used: {opened.reason}; a new one was begun",
                fix=f"the old file is {opened.moved_aside}; delete it when nothing in it is needed",
            )

    def _start_over(self, reason: str, batch: list[Event]) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        try:
            aside = move_aside(self.path, self._now())
            self._use(
                Opened(
                    connection=open_for_writing(self.path, now=self._now).connection,
                    moved_aside=aside,
                    reason=f"it is damaged: {reason}",
                )
            )
            self._write_batch(batch)
        except (sqlite3.Error, OSError) as error:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self._retry_at = self._now_monotonic() + _RETRY_SECONDS
        if self._failing:
            return
        self._failing = True
        self._warn(
            f"the event store cannot be written: {error}; the session goes on, `sundog logs` and `replay` miss what happens now",
            fix=f"make room on the disk, and check that {self.path.parent} is writable",
        )

    def _warn(self, text: str, fix: str | None = None) -> None:
        self._notify(Notice(at=self._now(), level="warning", text=text, fix=fix))

    @staticmethod
    def _now_monotonic() -> float:
        return time.monotonic()


def _size_of(event: Event) -> int:
    if isinstance(event, InvocationStarted):
        return len(event.payload) + 200
    if isinstance(event, InvocationFinished):
        return len(event.response) + 200
    return len(event.text) + 200 if isinstance(event, LogWritten) else 500
