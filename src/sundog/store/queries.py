"""Questions to the store, answered from any process while a session writes.

    with reading(project.events_db("local")) as store:
        store.invocations(function="list_notes", limit=20)

Each answer is a frozen struct. Request ids may be given by their first characters, as people copy them from a terminal.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from sundog.errors import UsageError
from sundog.model.events import FunctionError, Outcome, Stream
from sundog.store.database import open_for_reading, unpacked

LAST = "last"
"""The newest invocation, in the place of a request id."""


class UnknownInvocation(UsageError):
    """No recorded invocation has the request id, or one that begins with what was given.

    Invocations are recorded while `sundog dev` runs; the oldest are dropped when the store reaches its size.
    """

    code = "SD-STORE-003"


class AmbiguousInvocation(UsageError):
    """Several recorded invocations have request ids that begin with what was given."""

    code = "SD-STORE-004"


class InvalidSearch(UsageError):
    """What to search for is not a regular expression, or a time is not one."""

    code = "SD-STORE-005"


class StoredPayload(msgspec.Struct, frozen=True, kw_only=True):
    """An event or a result as it was kept."""

    body: bytes
    size: int
    """Bytes of the original."""
    truncated: bool
    redacted: bool


class StoredInvocation(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of one invocation."""

    seq: int
    request_id: str
    attempt: int
    trace_id: str
    function: str
    environment: str
    cold: bool
    trigger_kind: str | None
    trigger_label: str | None
    queued_ms: float | None
    started_at: float
    finished_at: float | None
    outcome: Outcome | None
    """None while it runs, or when its session ended before the answer."""
    duration_ms: float | None
    init_ms: float | None
    max_memory_mb: int | None
    error: FunctionError | None
    replay_of: str | None
    input: int | None
    output: int | None


class StoredLog(msgspec.Struct, frozen=True, kw_only=True):
    """One line."""

    id: int
    """Grows with every line; the cursor of `logs(after=…)`."""
    at: float
    function: str
    environment: str
    request_id: str | None
    stream: Stream
    text: str


class StoredTrace(msgspec.Struct, frozen=True, kw_only=True):
    """What one cause led to."""

    id: str
    name: str
    started_at: float
    invocation_count: int
    error_count: int
    invocations: list[StoredInvocation]
    """In the order they started; those linked through a batch included."""


class StoredDeploy(msgspec.Struct, frozen=True, kw_only=True):
    """One deploy or removal."""

    id: str
    stage: str
    action: str
    started_at: float
    ok: bool | None
    duration_ms: float | None
    stacks: dict[str, str | None]
    """Status by name."""


class StoreReader:
    """A connection that only reads; made by `reading`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def functions(self) -> list[str]:
        """Return the ids of all functions that have left something, in alphabetical order."""
        rows = self._rows("SELECT function FROM invocations UNION SELECT function FROM logs ORDER BY 1")
        return [row[0] for row in rows]

    def invocations(
        self, *, functions: Sequence[str] = (), since: float | None = None, limit: int = 100
    ) -> list[StoredInvocation]:
        """Return the newest invocations, newest first."""
        where, values = _conditions(functions=functions, since=("started_at", since))
        rows = self._rows(
            f"SELECT * FROM invocations {where} ORDER BY seq DESC LIMIT ?",  # noqa: S608 - conditions are from this module
            (*values, limit),
        )
        return [_invocation(row) for row in rows]

    def invocation(self, request_id: str) -> StoredInvocation:
        """Find an invocation by its request id, the first characters of it, or `last`; the latest attempt.

        Raises:
            UnknownInvocation: There is none.
            AmbiguousInvocation: There are several.
        """
        if request_id == LAST:
            newest = self.invocations(limit=1)
            if not newest:
                raise UnknownInvocation(
                    "no invocation has been recorded yet",
                    fix="send a request to the app, or run `sundog invoke <function>`",
                )
            return newest[0]
        prefix = request_id.lower()
        ids = [
            row[0]
            for row in self._rows(
                "SELECT DISTINCT request_id FROM invocations WHERE request_id >= ? AND request_id < ? ORDER BY seq DESC LIMIT 6",
                (prefix, prefix + "\U0010ffff"),
            )
        ]
        if not ids or not prefix:
            raise self._unknown(request_id)
        if len(ids) > 1 and prefix not in ids:
            raise AmbiguousInvocation(
                f"`{request_id}` is the beginning of several request ids",
                why=f"they are {', '.join(ids[:5])}{' and more' if len(ids) > 5 else ''}",
                fix="add more of its characters",
            )
        chosen = prefix if prefix in ids else ids[0]
        row = self._rows(
            "SELECT * FROM invocations WHERE request_id = ? ORDER BY seq DESC LIMIT 1", (chosen,)
        )[0]
        return _invocation(row)

    def payload(self, payload: int | None) -> StoredPayload | None:
        """Return an event or a result by the number that an invocation names."""
        rows = self._rows("SELECT * FROM payloads WHERE id = ?", (payload,))
        if not rows:
            return None
        row = rows[0]
        return StoredPayload(
            body=unpacked(row["body"], row["encoding"]),
            size=row["size"],
            truncated=bool(row["truncated"]),
            redacted=bool(row["redacted"]),
        )

    def last_payload(self, function: str) -> StoredPayload | None:
        """Return the event that a function was given last."""
        rows = self._rows(
            "SELECT input FROM invocations WHERE function = ? AND input IS NOT NULL ORDER BY seq DESC LIMIT 1",
            (function,),
        )
        return self.payload(rows[0]["input"]) if rows else None

    def logs(
        self,
        *,
        functions: Sequence[str] = (),
        since: float | None = None,
        grep: str | None = None,
        request_id: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[StoredLog]:
        """Return log lines, oldest first.

        Args:
            functions: Only of these.
            since: Not written before this time.
            grep: Matching this regular expression.
            request_id: Of this invocation, its whole id.
            after: Newer than this line; then the first `limit` lines are returned, else the last.
            limit: The most lines.

        Raises:
            InvalidSearch: `grep` is not a regular expression.
        """
        where, values = _conditions(
            functions=functions, since=("at", since), grep=_checked(grep), request_id=request_id, after=after
        )
        order = "ASC" if after else "DESC"
        rows = self._rows(
            f"SELECT * FROM logs {where} ORDER BY id {order} LIMIT ?",  # noqa: S608 - as above
            (*values, limit),
        )
        return [_log(row) for row in (rows if after else reversed(rows))]

    def newest_log(self) -> int:
        """Return the cursor after everything written so far."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM logs")[0][0])

    def search(self, text: str, *, limit: int = 100) -> list[StoredInvocation]:
        """Return invocations with a text of three characters or more in their lines, event or result, newest first."""
        phrase = '"' + text.replace('"', '""') + '"'
        rows = self._rows(
            "SELECT * FROM invocations WHERE seq IN ("
            " SELECT invocation FROM logs WHERE id IN (SELECT rowid FROM logs_text WHERE logs_text MATCH :phrase))"
            " OR input IN (SELECT rowid FROM payloads_text WHERE payloads_text MATCH :phrase)"
            " OR output IN (SELECT rowid FROM payloads_text WHERE payloads_text MATCH :phrase)"
            " ORDER BY seq DESC LIMIT :limit",
            {"phrase": phrase, "limit": limit},
        )
        return [_invocation(row) for row in rows]

    def trace(self, trace_id: str) -> StoredTrace | None:
        """Return a trace with all that belongs to it."""
        rows = self._rows("SELECT * FROM traces WHERE id = ?", (trace_id,))
        if not rows:
            return None
        members = self._rows(
            "SELECT * FROM invocations WHERE trace_id = :id"
            " OR seq IN (SELECT invocation FROM links WHERE trace_id = :id) ORDER BY seq",
            {"id": trace_id},
        )
        row = rows[0]
        return StoredTrace(
            id=row["id"],
            name=row["name"],
            started_at=row["started_at"],
            invocation_count=row["invocation_count"],
            error_count=row["error_count"],
            invocations=[_invocation(member) for member in members],
        )

    def deploys(self, *, limit: int = 20) -> list[StoredDeploy]:
        """Return the newest deploys, newest first."""
        rows = self._rows("SELECT * FROM deploys ORDER BY seq DESC LIMIT ?", (limit,))
        return [
            StoredDeploy(
                id=row["id"],
                stage=row["stage"],
                action=row["action"],
                started_at=row["started_at"],
                ok=None if row["ok"] is None else bool(row["ok"]),
                duration_ms=row["duration_ms"],
                stacks={
                    stack["name"]: stack["status"]
                    for stack in self._rows("SELECT name, status FROM stacks WHERE deploy = ?", (row["id"],))
                },
            )
            for row in rows
        ]

    def _rows(self, statement: str, values: Sequence[object] | dict[str, object] = ()) -> list[sqlite3.Row]:
        return self._connection.execute(statement, values).fetchall()

    def _unknown(self, request_id: str) -> UnknownInvocation:
        count = self._rows("SELECT count(*) FROM invocations")[0][0]
        return UnknownInvocation(
            f"no recorded invocation has the request id `{request_id}`",
            why=f"{count} invocations are recorded; the oldest are dropped in time"
            if count
            else "none is recorded yet",
            fix="copy an id from `sundog dev` or `sundog logs`, or write `last`",
        )


@contextlib.contextmanager
def reading(path: Path) -> Iterator[StoreReader]:
    """Open a store for reading.

    Raises:
        NoStore: Nothing has been recorded.
        StoreUnreadable: The file is not a store.
    """
    with contextlib.closing(open_for_reading(path)) as connection:
        yield StoreReader(connection)


def _conditions(
    *,
    functions: Sequence[str] = (),
    since: tuple[str, float | None] = ("at", None),
    grep: str | None = None,
    request_id: str | None = None,
    after: int = 0,
) -> tuple[str, list[object]]:
    conditions: list[str] = []
    values: list[object] = []
    if functions:
        conditions.append(f"function IN ({', '.join('?' * len(functions))})")
        values += functions
    column, moment = since
    if moment is not None:
        conditions.append(f"{column} >= ?")
        values.append(moment)
    if request_id is not None:
        conditions.append("request_id = ?")
        values.append(request_id)
    if after:
        conditions.append("id > ?")
        values.append(after)
    if grep is not None:
        conditions.append("text REGEXP ?")
        values.append(grep)
    return ("WHERE " + " AND ".join(conditions) if conditions else "", values)


def _checked(pattern: str | None) -> str | None:
    if pattern is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise InvalidSearch(
                f"`{pattern}` is not a regular expression",
                where="--grep",
                why=str(error),
                fix=f"to search for these very characters, write `{re.escape(pattern)}`",
            ) from error
    return pattern


def _invocation(row: sqlite3.Row) -> StoredInvocation:
    fields = {name: row[name] for name in StoredInvocation.__struct_fields__}
    fields["cold"] = bool(row["cold"])
    fields["error"] = None if row["error"] is None else msgspec.json.decode(row["error"], type=FunctionError)
    return StoredInvocation(**fields)


def _log(row: sqlite3.Row) -> StoredLog:
    return StoredLog(**{name: row[name] for name in StoredLog.__struct_fields__})
