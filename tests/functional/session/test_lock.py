"""A stage is held by one process at a time, and by nobody once that process is gone."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest

from sundog.session.lock import (
    NOTE_FILE,
    SessionNote,
    StageBusy,
    StateNotWritable,
    hold_stage,
    running_session,
)

NOTE = SessionNote(pid=os.getpid(), command="dev", started_at=1.0, endpoint_url="http://127.0.0.1:4566")

HOLDER = """
    import sys, pathlib
    from sundog.session.lock import SessionNote, hold_stage
    import os
    with hold_stage(pathlib.Path(sys.argv[1]), SessionNote(pid=os.getpid(), command="dev", started_at=1.0)):
        print("held", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path / "local")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_note_is_there_while_the_stage_is_held(tmp_path):
    stage_dir = tmp_path / "local"

    with hold_stage(stage_dir, NOTE):
        assert running_session(stage_dir) == NOTE
    assert running_session(stage_dir) is None
    assert not (stage_dir / NOTE_FILE).exists()


def test_a_second_process_is_refused_and_told_who_holds_the_stage(tmp_path, holder):
    with pytest.raises(StageBusy) as caught, hold_stage(tmp_path / "local", NOTE):
        pass

    assert str(holder.pid) in caught.value.what
    assert caught.value.exit_code == 5


def test_a_killed_holder_leaves_nothing_to_clean(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert running_session(tmp_path / "local") is None
    with hold_stage(tmp_path / "local", NOTE):
        assert running_session(tmp_path / "local") == NOTE


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StateNotWritable) as caught, hold_stage(tmp_path / "file" / "local", NOTE):
        pass

    assert str(tmp_path / "file" / "local") in caught.value.what
