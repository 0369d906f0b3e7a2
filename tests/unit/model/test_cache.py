from __future__ import annotations

import pytest

from sundog.model.cache import staging


def test_a_folder_appears_whole_and_nothing_else_is_left(tmp_path):
    made = tmp_path / "abc"
    with staging(made) as temporary:
        (temporary / "content").mkdir()
        (temporary / "content" / "file").write_text("x")
        before = made.exists()
        (temporary / "content").rename(made)

    assert not before
    assert [path.name for path in tmp_path.iterdir()] == ["abc"]


def test_what_a_killed_process_left_is_removed_and_what_another_makes_is_not(tmp_path):
    killed = staging(tmp_path / "abc")
    (killed.__enter__() / "half").write_text("x")

    with staging(tmp_path / "other"), staging(tmp_path / "abc") as temporary:
        names = sorted(path.name.rpartition("-")[0] for path in tmp_path.iterdir())
        content = list(temporary.iterdir())

    assert names == ["install-abc", "install-other"]
    assert content == []


def test_a_failure_leaves_nothing(tmp_path):
    def make():
        with staging(tmp_path / "abc") as temporary:
            (temporary / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        make()

    assert list(tmp_path.iterdir()) == []
