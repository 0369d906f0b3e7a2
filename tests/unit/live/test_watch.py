from __future__ import annotations

from pathlib import Path

import pytest

from sundog.live.graph import ImportGraph
from sundog.live.watch import Ignore, folders, still_emptied
from sundog.live.worker.preloading import Knowledge, ModuleFacts, common_variables, safe_modules


@pytest.mark.parametrize(
    ("name", "ignored"),
    [
        ("app.py", False),
        ("functions/notes.py", False),
        (".env", False),
        ("functions/data.json", False),
        (".venv/lib/x.py", True),
        ("functions/node_modules/x/index.js", True),
        (".git/HEAD", True),
        (".sundog/local/events.db", True),
        ("cdk.out/manifest.json", True),
        ("functions/__pycache__/x.pyc", True),
        ("functions/.notes.py.swp", True),
        ("functions/notes.py~", True),
        ("functions/4913", True),
        ("functions/.#notes.py", True),
        ("assets/big.bin", True),
        ("assets2/big.bin", False),
    ],
)
def test_ignored_are_what_no_person_edits_as_source(name: str, ignored: bool) -> None:
    root = Path("/p")

    assert Ignore(root, ["assets"])(root / name) is ignored


def test_folders_skip_ignored_trees_and_follow_links_once(tmp_path: Path) -> None:
    for name in ("src/part", "node_modules/deep/er", ".venv/lib"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "src" / "loop").symlink_to(tmp_path, target_is_directory=True)
    found = {path.relative_to(tmp_path).as_posix() for path in folders(tmp_path, Ignore(tmp_path))}

    assert found == {".", "src", "src/part"}


def test_graph_names_the_functions_of_a_file_and_real_changes_only(tmp_path: Path) -> None:
    shared, own = tmp_path / "shared.py", tmp_path / "own.py"
    shared.write_text("1")
    own.write_text("1")
    graph = ImportGraph()
    graph.learn("a", {shared: "", own: ""})
    graph.learn("b", {shared: ""})
    unchanged = graph.really_changed([shared, own])
    own.write_text("2")

    assert sorted(graph.functions_of([shared])) == ["a", "b"]
    assert graph.functions_of([own]) == ["a"]
    assert (unchanged, graph.really_changed([shared, own])) == ([], [own])


def test_files_that_came_and_went_are_not_named_beside_others(tmp_path: Path) -> None:
    saved, deleted, passing = tmp_path / "a.py", tmp_path / "b.py", tmp_path / "sed7BO6G"
    saved.write_text("1")
    graph = ImportGraph()
    graph.learn("a", {saved: "", deleted: ""})

    assert graph.worth_naming([saved, deleted, passing]) == [saved, deleted]
    assert graph.worth_naming([passing]) == [passing]


def test_deleted_file_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("1")
    graph = ImportGraph()
    graph.learn("a", {file: ""})
    file.unlink()

    assert graph.really_changed([file]) == [file]


def test_modules_are_safe_when_all_functions_agree_on_what_they_read() -> None:
    facts = ModuleFacts(
        modules=["plain", "agreed", "differs", "differs.child", "all", "threaded", "volatile"],
        reads={"agreed": ["REGION"], "differs": ["COLOUR"], "all": ["*"], "volatile": ["PORT"]},
        threads=["threaded"],
    )
    environments = [{"REGION": "r", "COLOUR": "red"}, {"REGION": "r"}]

    assert safe_modules(facts, environments, {"PORT"}) == ["plain", "agreed"]
    assert common_variables(environments) == {"REGION": "r"}


def test_knowledge_survives_and_a_broken_file_is_as_good_as_none(tmp_path: Path) -> None:
    file = tmp_path / "stage" / "preload.json"
    first = Knowledge(file).learn("/py", modules=["a"], reads={"a": ["X"]}, threads=[])
    again = Knowledge(file).learn("/py", modules=["a"], reads={"a": ["X"]}, threads=[])
    file.write_text("{broken")

    assert (first, again) == (True, False)
    assert Knowledge(file).facts("/py").modules == []


def test_a_file_that_was_cut_to_nothing_is_waited_for_and_not_for_long(tmp_path: Path) -> None:
    empty, written, gone = tmp_path / "empty.py", tmp_path / "written.py", tmp_path / "gone.py"
    empty.touch()
    written.write_text("x = 1\n")

    held = still_emptied([empty, written, gone, tmp_path], {}, 100.0)
    assert held == {empty: 100.0}

    # Other edits come meanwhile: it is waited for since the first notice.
    assert still_emptied([empty], held, 100.04) == held
    assert still_emptied([empty], held, 100.06) == {}

    empty.write_text("x = 2\n")
    assert still_emptied([empty], held, 100.01) == {}
