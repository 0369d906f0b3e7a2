"""Keep the database below its size, dropping what is oldest."""

from __future__ import annotations

import sqlite3

from sundog.store.database import unpacked
from sundog.store.recording import searchable

_AIM = 0.9
"""Down to this part of the limit, so that the next lines do not start the work again."""
_STEP = 0.05
"""So much of the history goes at a time."""
_MOST_STEPS = 40


def size_bytes(connection: sqlite3.Connection) -> int:
    """Return the bytes in use: pages of the file without its free ones."""
    pages, free, page_size = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * page_size)


def trim(connection: sqlite3.Connection, limit_bytes: int) -> bool:
    """Drop the oldest history when the database is larger than its limit; return whether it was.

    Runs its own transactions, one per step.
    """
    if size_bytes(connection) <= limit_bytes:
        return False
    for _ in range(_MOST_STEPS):
        connection.execute("BEGIN IMMEDIATE")
        try:
            dropped = _drop_oldest(connection)
            connection.execute("COMMIT")
        except sqlite3.Error:
            connection.execute("ROLLBACK")
            raise
        if not dropped or size_bytes(connection) <= limit_bytes * _AIM:
            break
    connection.execute("PRAGMA incremental_vacuum").fetchall()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return True


def _drop_oldest(connection: sqlite3.Connection) -> int:
    return (
        _drop_logs(connection)
        + _drop_invocations(connection)
        + _drop_until(connection, "builds", "seq")
        + _drop_until(connection, "resource_events", "id")
        + _drop_deploys(connection)
    )


def _cutoff(connection: sqlite3.Connection, table: str, key: str) -> int | None:
    first, last = connection.execute(f"SELECT min({key}), max({key}) FROM {table}").fetchone()  # noqa: S608 - names from this module
    return None if first is None or last is None else int(first + max(1, (last - first) * _STEP))


def _drop_until(connection: sqlite3.Connection, table: str, key: str) -> int:
    cutoff = _cutoff(connection, table, key)
    if cutoff is None:
        return 0
    return connection.execute(f"DELETE FROM {table} WHERE {key} < ?", (cutoff,)).rowcount  # noqa: S608 - as above


def _drop_logs(connection: sqlite3.Connection) -> int:
    cutoff = _cutoff(connection, "logs", "id")
    if cutoff is None:
        return 0
    connection.execute(
        "INSERT INTO logs_text (logs_text, rowid, text) SELECT 'delete', id, text FROM logs WHERE id < ?",
        (cutoff,),
    )
    return connection.execute("DELETE FROM logs WHERE id < ?", (cutoff,)).rowcount


def _drop_invocations(connection: sqlite3.Connection) -> int:
    cutoff = _cutoff(connection, "invocations", "seq")
    if cutoff is None:
        return 0
    payloads = connection.execute(
        "SELECT id, encoding, body FROM payloads WHERE id IN (SELECT input FROM invocations WHERE seq < :cutoff"
        " UNION SELECT output FROM invocations WHERE seq < :cutoff)",
        {"cutoff": cutoff},
    ).fetchall()
    for row in payloads:
        text = searchable(unpacked(row["body"], row["encoding"]))
        connection.execute(
            "INSERT INTO payloads_text (payloads_text, rowid, text) VALUES ('delete', ?, ?)",
            (row["id"], text),
        )
        connection.execute("DELETE FROM payloads WHERE id = ?", (row["id"],))
    connection.execute("DELETE FROM links WHERE invocation < ?", (cutoff,))
    dropped = connection.execute("DELETE FROM invocations WHERE seq < ?", (cutoff,)).rowcount
    connection.execute("DELETE FROM traces WHERE seq < ?", (cutoff,))
    return dropped


def _drop_deploys(connection: sqlite3.Connection) -> int:
    cutoff = connection.execute("SELECT min(seq) FROM builds").fetchone()[0]
    if cutoff is None:
        return 0
    connection.execute("DELETE FROM stacks WHERE deploy IN (SELECT id FROM deploys WHERE seq < ?)", (cutoff,))
    return connection.execute("DELETE FROM deploys WHERE seq < ?", (cutoff,)).rowcount
