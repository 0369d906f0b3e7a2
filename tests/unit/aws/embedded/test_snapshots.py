import asyncio
import errno
import io
import json
import shutil
import threading

import pytest

from sundog.aws.embedded.launcher.snapshots import Snapshots, save_often


@pytest.fixture
def dirty():
    return threading.Event()


@pytest.fixture
def states():
    return {"sqs": {"n": 1}, "lambda": {"n": 1}}


@pytest.fixture
def snapshots(tmp_path, states, dirty):
    def current():
        return {name: (lambda name=name: states[name]) for name in states}

    return Snapshots(tmp_path, current, lambda _name, state: json.dumps(state).encode(), dirty)


def read(snapshots, service):
    return json.loads((snapshots.newest() / f"{service}.json").read_text())


def test_newest_snapshot_has_all_services_and_two_are_kept(snapshots, states, tmp_path):
    for number in range(1, 5):
        states["sqs"] = {"n": number}
        assert snapshots.save()

    assert (read(snapshots, "sqs"), read(snapshots, "lambda")) == ({"n": 4}, {"n": 1})
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["3", "4"]


def test_unchanged_service_is_linked_not_written(snapshots, states):
    snapshots.save()
    before = (snapshots.newest() / "lambda.json").stat().st_ino
    states["sqs"] = {"n": 2}
    snapshots.save()

    assert (snapshots.newest() / "lambda.json").stat().st_ino == before


def test_nothing_is_written_when_nothing_changed(snapshots):
    snapshots.save()

    assert not snapshots.save()


def test_service_that_is_not_loaded_keeps_what_it_had(snapshots, states):
    snapshots.save()
    del states["lambda"]
    states["sqs"] = {"n": 2}
    snapshots.save()

    assert read(snapshots, "lambda") == {"n": 1}


def test_failed_write_leaves_the_earlier_snapshot_and_is_made_up_for(snapshots, states, dirty, monkeypatch):
    snapshots.save()
    states["sqs"] = {"n": object()}
    dirty.set()
    with pytest.raises(TypeError):
        snapshots.save_if_touched()
    kept = read(snapshots, "sqs")
    states["sqs"] = {"n": 3}

    assert kept == {"n": 1}
    assert snapshots.save_if_touched()
    assert read(snapshots, "sqs") == {"n": 3}


def test_time_after_a_change_is_looked_at_once_more(snapshots, states, dirty):
    dirty.set()
    saved = [snapshots.save_if_touched()]
    states["sqs"] = {"n": 2}
    saved += [snapshots.save_if_touched(), snapshots.save_if_touched()]

    assert saved == [True, True, False]


def test_state_that_changes_while_it_is_read_is_read_again(tmp_path, dirty):
    attempts = iter([RuntimeError("dictionary changed size during iteration"), {"n": 1}])

    def read_state():
        found = next(attempts)
        if isinstance(found, RuntimeError):
            raise found
        return found

    snapshots = Snapshots(
        tmp_path, lambda: {"sqs": read_state}, lambda _, state: json.dumps(state).encode(), dirty
    )

    assert snapshots.save()


def test_saving_goes_on_after_its_folder_was_removed(snapshots, dirty, tmp_path):
    snapshots.save()
    folder = snapshots.newest().parent
    shutil.rmtree(folder)
    dirty.set()

    assert snapshots.save_if_touched()
    assert read(snapshots, "sqs") == {"n": 1}


class FullDisk(io.StringIO):
    """A log file on a disk without room."""

    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_saving_goes_on_after_a_failure_that_cannot_even_be_logged(snapshots, dirty, monkeypatch):
    failed, saved = threading.Event(), threading.Event()

    def save():
        if not failed.is_set():
            failed.set()
            raise OSError(errno.ENOSPC, "No space left on device")
        Snapshots.save(snapshots)
        saved.set()

    async def body():
        saving = asyncio.create_task(save_often(snapshots, 0.01))
        await asyncio.to_thread(saved.wait, 20)
        saving.cancel()

    monkeypatch.setattr(snapshots, "save", save)
    monkeypatch.setattr("sys.stderr", FullDisk())
    dirty.set()
    asyncio.run(body())

    assert failed.is_set()
    assert read(snapshots, "sqs") == {"n": 1}
