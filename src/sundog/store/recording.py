"""Events become rows. Used by the writer's thread only, inside its transaction."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable

import msgspec

from sundog.model import events
from sundog.model.events import Event
from sundog.model.redaction import Redactor
from sundog.store.traces import join

LARGEST_PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit for an event and for a result; only streamed responses are longer, and lose their end here."""

COMPRESS_FROM_BYTES = 1024
SEARCHABLE_BYTES = 16 * 1024
"""So much of a payload is indexed for search: the index is about three times the size of its text."""


class Recorder:
    """Writes each event to the tables that it belongs to."""

    def __init__(self, connection: sqlite3.Connection, redactor: Redactor) -> None:
        self._connection = connection
        self._redactor = redactor
        self._rows: dict[type[Event], Callable[..., None]] = {
            events.InvocationStarted: self._invocation_started,
            events.LogWritten: self._log_written,
            events.InvocationFinished: self._invocation_finished,
            events.DeployStarted: self._deploy_started,
            events.ResourceProgress: self._resource_progress,
            events.StackFinished: self._stack_finished,
            events.DeployFinished: self._deploy_finished,
        }

    def record(self, event: Event) -> None:
        """Write one event."""
        self._rows.get(type(event), self._build)(event)

    def _invocation_started(self, event: events.InvocationStarted) -> None:
        joined = join(event.request_id, event.trace_id, event.payload)
        trigger = event.trigger
        row = self._connection.execute(
            "SELECT count(*) FROM invocations WHERE request_id = ?", (event.request_id,)
        ).fetchone()
        invocation = self._connection.execute(
            "INSERT INTO invocations (request_id, attempt, trace_id, function, environment, cold, trigger_kind,"
            " trigger_label, trigger_resource, queued_ms, started_at, deadline, replay_of, input)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                event.request_id,
                max(row[0] + 1, joined.attempt or 1),
                joined.trace_id,
                event.function,
                event.environment,
                event.cold,
                trigger.kind if trigger else None,
                trigger.label if trigger else None,
                trigger.resource if trigger else None,
                joined.queued_ms,
                event.at,
                event.deadline,
                event.replay_of,
                self._payload(event.payload),
            ),
        ).lastrowid
        self._connection.execute(
            "INSERT INTO traces (id, seq, name, started_at, invocation_count) VALUES (?,?,?,?,1)"
            " ON CONFLICT (id) DO UPDATE SET invocation_count = invocation_count + 1, seq = excluded.seq",
            (joined.trace_id, invocation, trigger.label if trigger else event.function, event.at),
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO links (invocation, trace_id) VALUES (?,?)",
            [(invocation, link) for link in joined.links],
        )

    def _log_written(self, event: events.LogWritten) -> None:
        # A handler can print half of a surrogate pair; SQLite stores only what UTF-8 can carry.
        text = self._redactor.text(event.text).encode("utf-8", "replace").decode("utf-8")
        row = self._running(event.request_id, event.environment) if event.request_id else None
        log = self._connection.execute(
            "INSERT INTO logs (at, function, environment, request_id, invocation, stream, text) VALUES (?,?,?,?,?,?,?)",
            (
                event.at,
                event.function,
                event.environment,
                event.request_id,
                row["seq"] if row else None,
                event.stream,
                text,
            ),
        ).lastrowid
        self._connection.execute("INSERT INTO logs_text (rowid, text) VALUES (?,?)", (log, text))

    def _invocation_finished(self, event: events.InvocationFinished) -> None:
        row = self._running(event.request_id, event.environment)
        if row is None:
            # Its start was lost: the disk was full, or the queue was. An answer alone joins nothing.
            return
        self._connection.execute(
            "UPDATE invocations SET finished_at=?, outcome=?, duration_ms=?, init_ms=?, max_memory_mb=?, error=?, output=?"
            " WHERE seq=?",
            (
                event.at,
                event.outcome,
                event.duration_ms,
                event.init_ms,
                event.max_memory_mb,
                self._json(event.error) if event.error else None,
                self._payload(event.response),
                row["seq"],
            ),
        )
        if event.outcome != "ok":
            self._connection.execute(
                "UPDATE traces SET error_count = error_count + 1 WHERE id = ?", (row["trace_id"],)
            )

    def _deploy_started(self, event: events.DeployStarted) -> None:
        seq = self._build(event)
        self._connection.execute(
            "INSERT OR REPLACE INTO deploys (id, seq, stage, action, started_at) VALUES (?,?,?,?,?)",
            (event.deploy, seq, event.stage, event.action, event.at),
        )
        self._connection.executemany(
            "INSERT OR REPLACE INTO stacks (deploy, name) VALUES (?,?)",
            [(event.deploy, stack) for stack in event.stacks],
        )

    def _resource_progress(self, event: events.ResourceProgress) -> None:
        self._connection.execute(
            "INSERT INTO resource_events (at, deploy, stack, logical_id, type, status, reason) VALUES (?,?,?,?,?,?,?)",
            (
                event.at,
                event.deploy,
                event.stack,
                event.logical_id,
                event.cloudformation_type,
                event.status,
                self._redactor.text(event.reason) if event.reason else None,
            ),
        )

    def _stack_finished(self, event: events.StackFinished) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO stacks (deploy, name, status, duration_ms, outputs) VALUES (?,?,?,?,?)",
            (event.deploy, event.stack, event.status, event.duration_ms, self._json(event.outputs)),
        )

    def _deploy_finished(self, event: events.DeployFinished) -> None:
        self._connection.execute(
            "UPDATE deploys SET ok=?, duration_ms=?, error=? WHERE id=?",
            (event.ok, event.duration_ms, self._json(event.error) if event.error else None, event.deploy),
        )

    def _build(self, event: Event) -> int:
        function = getattr(event, "function", None)
        row = self._connection.execute(
            "INSERT INTO builds (at, type, function, body) VALUES (?,?,?,?)",
            (event.at, type(event).__name__, function, self._json(event)),
        )
        return row.lastrowid or 0

    def _running(self, request_id: str, environment: str) -> sqlite3.Row | None:
        row: sqlite3.Row | None = self._connection.execute(
            "SELECT seq, trace_id FROM invocations WHERE request_id=? AND environment=? ORDER BY seq DESC LIMIT 1",
            (request_id, environment),
        ).fetchone()
        return row

    def _json(self, value: object) -> str:
        return self._redactor.text(msgspec.json.encode(value).decode("utf-8"))

    def _payload(self, payload: bytes) -> int | None:
        if not payload:
            return None
        cleaned = self._redactor.payload(payload)
        kept = cleaned[:LARGEST_PAYLOAD_BYTES]
        packed = zlib.compress(kept, level=1) if len(kept) >= COMPRESS_FROM_BYTES else kept
        row = self._connection.execute(
            "INSERT INTO payloads (size, encoding, truncated, redacted, body) VALUES (?,?,?,?,?)",
            (
                len(payload),
                "plain" if packed is kept else "zlib",
                len(kept) < len(cleaned),
                cleaned != payload,
                packed,
            ),
        ).lastrowid
        self._connection.execute(
            "INSERT INTO payloads_text (rowid, text) VALUES (?,?)", (row, searchable(kept))
        )
        return row


def searchable(body: bytes) -> str:
    """Return the part of a payload that is indexed; removing it from the index needs the same text again."""
    return body[:SEARCHABLE_BYTES].decode("utf-8", "replace").replace("\0", "�")
