"""A full disk, a damaged or foreign file, a queue that overflows, a size that is reached: the session goes on."""

from __future__ import annotations

import shutil
import sqlite3
import time

import pytest

from sundog.store.database import NoStore, StoreUnreadable, open_for_writing
from sundog.store.queries import reading
from sundog.store.retention import size_bytes, trim


@pytest.mark.parametrize("content", [b"this is no database at all, but a long enough text" * 100, b"x"])
def test_a_file_that_is_no_database_is_moved_aside_and_said(make_store, tmp_path, content):
    path = tmp_path / "local" / "events.db"
    path.parent.mkdir()
    path.write_bytes(content)
    store = make_store(path)
    store.log("hello")
    with store.read() as reader:
        assert [line.text for line in reader.logs()] == ["hello"]
    aside = list(path.parent.glob("events.db.unusable-*"))

    assert [file.read_bytes() for file in aside if not file.name.endswith(("-wal", "-shm"))] == [content]
    assert "could not be used" in store.notices[0].text
    assert str(aside[0]) in store.notices[0].fix


def test_a_database_of_another_program_is_moved_aside_untouched(make_store, tmp_path):
    path = tmp_path / "local" / "events.db"
    path.parent.mkdir()
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE precious (x)")
    foreign.commit()
    foreign.close()
    store = make_store(path)
    store.log("hello")
    store.read().__enter__()
    (aside,) = (file for file in path.parent.glob("events.db.unusable-*") if file.name[-1].isdigit())
    kept = sqlite3.connect(aside)

    assert kept.execute("SELECT name FROM sqlite_schema").fetchall() == [("precious",)]
    assert "another program" in store.notices[0].text
    kept.close()


def test_a_database_of_a_newer_sundog_is_moved_aside(make_store, tmp_path):
    path = tmp_path / "local" / "events.db"
    connection = open_for_writing(path, now=time.time).connection
    connection.execute("PRAGMA user_version = 999")
    connection.close()
    store = make_store(path)

    assert "a newer version of sundog" in store.notices[0].text


def test_a_database_that_is_removed_while_the_session_runs_is_begun_anew_and_said(make_store):
    store = make_store()
    store.log("before")
    store.read().__enter__()
    shutil.rmtree(store.path.parent)
    store.log("after")

    with store.read() as reader:
        assert [line.text for line in reader.logs()] == ["after"]
    assert ["was removed" in notice.text for notice in store.notices] == [True]


def test_a_database_damaged_in_the_middle_is_replaced_while_the_session_runs(make_store, tmp_path):
    store = make_store()
    for number in range(3000):
        store.log(f"line {number} " + "x" * 200)
    with store.read() as _:
        pass
    store.writer.close()
    content = bytearray(store.path.read_bytes())
    for offset in range(8192, len(content) - 4096, 4096):
        content[offset : offset + 4096] = b"\xa5" * 4096
    store.path.write_bytes(content)
    again = make_store(store.path)
    for number in range(10):
        again.start(f"{number}")
        again.log("after", request_id=f"{number}")
    with again.read() as reader:
        assert reader.logs()[-1].text == "after"
    assert any("could not be used" in notice.text for notice in again.notices)


def test_a_full_disk_is_said_once_and_recording_resumes(make_store, monkeypatch):
    monkeypatch.setattr("sundog.store.writer._RETRY_SECONDS", 0.0)
    store = make_store()
    store.log("before")
    with store.read() as _:
        pass
    connection = store.writer._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    # SQLite's own limit gives the very error that a full disk gives: SQLITE_FULL.
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(20):
        store.start(f"r{number}", payload=bytes(f'"{number}' + "ab" * 50_000 + '"', "ascii"))
        store.writer.flush(10)
    said = [notice.text for notice in store.notices]
    connection.execute("PRAGMA max_page_count = 1000000")
    store.log("after")
    with store.read() as reader:
        assert [line.text for line in reader.logs()] == ["before", "after"]

    assert len(said) == 1
    assert "cannot be written" in said[0]
    assert "written again" in store.notices[-1].text


def test_a_folder_that_cannot_be_written_is_said_and_the_session_goes_on(make_store, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    store = make_store(tmp_path / "file" / "events.db")
    store.log("lost")

    assert store.writer.flush(10)
    assert "the session goes on" in store.notices[0].text


def test_events_that_do_not_fit_the_queue_are_counted(make_store, monkeypatch):
    monkeypatch.setattr("sundog.store.writer._QUEUE_EVENTS", 10)
    store = make_store()
    blocker = sqlite3.connect(store.path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    for number in range(500):
        store.log(str(number))
    blocker.execute("ROLLBACK")
    blocker.close()
    store.writer.flush(20)
    store.log("later")
    store.writer.flush(20)

    assert any("fell behind" in notice.text for notice in store.notices)


def test_the_oldest_goes_when_the_size_is_reached(make_store):
    store = make_store(limit_bytes=3_000_000)
    for number in range(4000):
        store.start(f"{number:06}", payload=f'{{"number": {number}, "text": "{"abcdefgh" * 40}"}}'.encode())
        store.log(f"line {number} " + "words and more words " * 10, request_id=f"{number:06}")
        store.finish(f"{number:06}")
        if number % 500 == 0:
            store.writer.flush(30)
    with store.read() as reader:
        newest = reader.logs(limit=1)[0].text
        count = len(reader.invocations(limit=10_000))
        oldest_kept = reader.invocations(limit=10_000)[-1]
        found = reader.search("line 3999")
    connection = sqlite3.connect(store.path)
    used = size_bytes(connection)
    integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    orphans = connection.execute(
        "SELECT count(*) FROM payloads WHERE id NOT IN (SELECT input FROM invocations WHERE input IS NOT NULL)"
    ).fetchone()[0]
    connection.close()

    assert newest.startswith("line 3999")
    assert 0 < count < 4000
    assert oldest_kept.seq > 1
    assert [entry.request_id for entry in found] == ["003999"]
    assert used <= 3_300_000
    assert integrity == "ok"
    assert orphans == 0


def test_the_search_index_is_consistent_after_trimming(tmp_path, make_store):
    store = make_store()
    for number in range(300):
        store.start(f"{number:04}", payload=f'{{"n": "needle{number:04}"}}'.encode())
        store.log(f"haystack{number:04}", request_id=f"{number:04}")
    store.writer.close()
    connection = open_for_writing(store.path, now=time.time).connection
    while trim(connection, 200_000):
        if connection.execute("SELECT count(*) FROM logs").fetchone()[0] < 150:
            break
    connection.execute("INSERT INTO logs_text (logs_text, rank) VALUES ('integrity-check', 1)")
    gone = connection.execute(
        "SELECT count(*) FROM payloads_text WHERE payloads_text MATCH 'needle0000'"
    ).fetchone()[0]
    kept = connection.execute(
        "SELECT count(*) FROM payloads_text WHERE payloads_text MATCH 'needle0299'"
    ).fetchone()[0]
    connection.close()

    assert (gone, kept) == (0, 1)


def test_reading_without_a_store_says_what_makes_one(tmp_path):
    with pytest.raises(NoStore, match="nothing has been recorded"), reading(tmp_path / "prod" / "events.db"):
        pass


def test_reading_a_damaged_store_changes_nothing(tmp_path):
    path = tmp_path / "events.db"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreUnreadable, match="cannot be read"), reading(path):
        pass

    assert path.read_bytes() == b"garbage" * 1000


def test_the_file_is_for_its_owner_only(store):
    assert store.path.stat().st_mode & 0o077 == 0
