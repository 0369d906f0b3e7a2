from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import pytest

from sundog.model.events import FilesChanged

from .conftest import Live, function, live_session

pytestmark = pytest.mark.anyio

VERSIONED = (
    "import os\nVERSION = {version}\ndef handler(event, context):\n    return [VERSION, os.getpid()]\n"
)


async def test_saved_handler_runs_at_the_next_request(live: Live) -> None:
    await live.handler(VERSIONED.format(version=1))
    before = await live.answer()
    await live.edit("app.py", VERSIONED.format(version=2))
    after = await live.answer()

    assert (before[0], after[0]) == (1, 2)
    assert live.ready[-1].reason == "edit"
    assert live.ready[-1].since_edit_ms is not None
    assert live.finished[-1].init_ms is None


async def test_edit_of_an_imported_module_replaces_only_its_functions(live: Live) -> None:
    live.write("shared/one.py", "VALUE = 1\n")
    live.write("shared/two.py", "VALUE = 1\n")
    source = "import os\nfrom shared.{name} import VALUE\ndef handler(event, context):\n    return [VALUE, os.getpid()]\n"
    live.write("first.py", source.format(name="one"))
    live.write("second.py", source.format(name="two"))
    await live.serve(function("first.handler", "first"), function("second.handler", "second"))
    first, second = await live.answer(name="first"), await live.answer(name="second")
    await live.edit("shared/one.py", "VALUE = 2\n")

    assert (await live.answer(name="first"))[0] == 2
    assert await live.answer(name="first") != first
    assert await live.answer(name="second") == second
    changed = live.of(FilesChanged)[-1]
    assert (changed.files, changed.functions) == (["shared/one.py"], ["first"])


async def test_module_imported_inside_the_handler_counts(live: Live) -> None:
    live.write("lazy.py", "VALUE = 1\n")
    await live.handler("def handler(event, context):\n    import lazy\n    return lazy.VALUE\n")
    await live.answer()
    await live.until(
        lambda: any(live.root / "lazy.py" in one.files for one in live.session.environments),
        "the report of lazy.py",
    )
    await live.edit("lazy.py", "VALUE = 2\n")

    assert await live.answer() == 2


async def test_file_read_while_importing_counts(live: Live) -> None:
    live.write("settings.json", "1")
    await live.handler(
        "import json\nVALUE = json.load(open('settings.json'))\ndef handler(event, context):\n    return VALUE\n"
    )
    await live.answer()
    await live.edit("settings.json", "2")

    assert await live.answer() == 2


async def test_request_in_flight_finishes_on_old_code(live: Live) -> None:
    slow = "import time\ndef handler(event, context):\n    print('began')\n    time.sleep(event)\n    return {version}\n"
    await live.handler(slow.format(version=1))
    running = asyncio.create_task(live.answer(0.5, request_id="slow"))
    await live.until(lambda: live.lines("slow"), "the handler's first line")
    await live.edit("app.py", slow.format(version=2))
    fresh = await live.answer(0)

    assert (fresh, await running) == (2, 1)


async def test_saving_the_same_content_replaces_nothing(live: Live) -> None:
    await live.handler(VERSIONED.format(version=1))
    before = await live.answer()
    (live.root / "app.py").touch()
    live.write("app.py", VERSIONED.format(version=1))
    live.write("other.py", "changed = True\n")
    await live.until(lambda: live.of(FilesChanged), "the notice of other.py")

    assert await live.answer() == before
    assert live.of(FilesChanged)[-1].functions == []


async def test_broken_edit_answers_with_its_error_until_fixed(live: Live) -> None:
    await live.handler(VERSIONED.format(version=1))
    await live.answer()
    await live.edit("app.py", "def handler(:\n")
    broken = await live.error()
    await live.edit("app.py", VERSIONED.format(version=3))

    assert broken["errorType"] == "Runtime.UserCodeSyntaxError"
    assert (await live.answer())[0] == 3


async def test_missing_module_that_is_created_mends_the_function(live: Live) -> None:
    await live.handler("import missing\ndef handler(event, context):\n    return missing.VALUE\n")
    await live.error()
    await live.edit("missing.py", "VALUE = 5\n")

    assert await live.answer() == 5


async def test_module_in_a_new_folder_is_watched(live: Live) -> None:
    await live.handler("def handler(event, context):\n    from fresh.part import VALUE\n    return VALUE\n")
    live.write("fresh/part.py", "VALUE = 1\n")
    await live.until(lambda: live.of(FilesChanged), "the notice of the folder")
    await live.answer()
    await live.until(
        lambda: any(live.root / "fresh/part.py" in one.files for one in live.session.environments),
        "the report",
    )
    await live.edit("fresh/part.py", "VALUE = 2\n")

    assert await live.answer() == 2


async def test_save_by_rename_is_an_edit(live: Live) -> None:
    await live.handler(VERSIONED.format(version=1))
    await live.answer()
    ready = len(live.ready)
    temporary = live.root / "app.py.tmp"
    temporary.write_text(VERSIONED.format(version=2))
    temporary.replace(live.root / "app.py")
    await live.until(lambda: len(live.ready) > ready, "an environment with the renamed file")

    assert (await live.answer())[0] == 2


async def test_file_behind_a_symbolic_link_is_watched(
    live: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside").resolve()
    (outside / "part.py").write_text("VALUE = 1\n")
    (live.root / "linked").symlink_to(outside, target_is_directory=True)
    async with live_session(live.root) as other:
        await other.handler("from linked.part import VALUE\ndef handler(event, context):\n    return VALUE\n")
        await other.answer()
        ready = len(other.ready)
        (outside / "part.py").write_text("VALUE = 2\n")
        await other.until(lambda: len(other.ready) > ready, "an environment with the linked file")

        assert await other.answer() == 2


async def test_burst_of_five_hundred_saves_ends_in_the_last_version(live: Live) -> None:
    await live.handler(VERSIONED.format(version=0))
    await live.answer()
    for number in range(1, 501):
        live.write("app.py", VERSIONED.format(version=number))
    await live.until(lambda: live.of(FilesChanged), "a notice")
    await asyncio.sleep(0.1)
    answer = await live.answer()

    assert answer[0] == 500
    assert len(live.ready) < 100


async def test_versions_never_go_backwards_and_no_request_is_lost_in_a_storm_of_saves(live: Live) -> None:
    await live.handler(
        "import time\nVERSION = 0\ndef handler(event, context):\n    time.sleep(0.005)\n    return [event, VERSION]\n"
    )
    await live.answer(0)
    answers: list[tuple[int, int, int]] = []
    newest = 0

    async def client(first: int) -> None:
        for number in range(first, first + 20):
            floor = newest
            identity, version = await live.answer(number)
            answers.append((number - identity, floor, version))

    async def editor() -> None:
        nonlocal newest
        for number in range(1, 8):
            await live.edit(
                "app.py",
                f"import time\nVERSION = {number}\ndef handler(event, context):\n    return [event, VERSION]\n",
            )
            newest = number

    await asyncio.gather(editor(), *(client(1000 * number) for number in range(15)))

    assert len(answers) == 300
    assert [one for one in answers if one[0] != 0 or one[2] < one[1]] == []


async def test_folder_with_spaces_and_other_letters_works(tmp_path: Path) -> None:
    root = tmp_path / "mein Projekt ü 日本"
    root.mkdir()
    async with live_session(root) as live:
        await live.handler(VERSIONED.format(version=1))
        await live.answer()
        await live.edit("app.py", VERSIONED.format(version=2))

        assert (await live.answer())[0] == 2


async def test_ignored_folders_cause_nothing(live: Live) -> None:
    await live.handler(VERSIONED.format(version=1))
    before = await live.answer()
    for folder in ("node_modules/x", ".venv/lib", ".git", "__pycache__", "cdk.out"):
        live.write(f"{folder}/file.py", "x = 1\n")
    live.write(".app.py.swp", "x")
    live.write("seen.py", "x = 1\n")
    await live.until(lambda: live.of(FilesChanged), "the notice of seen.py")

    assert [event.files for event in live.of(FilesChanged)] == [["seen.py"]]
    assert await live.answer() == before


async def test_nothing_is_written_into_the_users_folders(live: Live) -> None:
    live.write("part/inner.py", "VALUE = 1\n")
    await live.handler("from part.inner import VALUE\ndef handler(event, context):\n    return VALUE\n")
    await live.answer()
    found = {path.relative_to(live.root).parts[0] for path in live.root.rglob("*") if path.is_file()}

    assert found == {"app.py", "part", ".sundog"}
    assert not list(live.root.rglob("__pycache__"))


async def test_stale_bytecode_of_the_users_own_runs_is_not_used(live: Live) -> None:
    import py_compile

    app = live.write("app.py", VERSIONED.format(version=1))
    py_compile.compile(str(app))
    stamp = app.stat().st_mtime
    live.write("app.py", VERSIONED.format(version=2))
    os.utime(app, (stamp, stamp))
    await live.serve(function("app.handler"))

    assert (await live.answer())[0] == 2


async def test_changed_variables_replace_the_environments(live: Live) -> None:
    source = "import os\ndef handler(event, context):\n    return os.environ.get('COLOUR')\n"
    live.write("app.py", source)
    await live.serve(function("app.handler", environment={"COLOUR": "red"}))
    red = await live.answer()
    await live.serve(function("app.handler", environment={"COLOUR": "blue"}))

    assert (red, await live.answer()) == ("red", "blue")


async def test_function_declared_on_another_line_keeps_its_environments(live: Live) -> None:
    from sundog.model.manifest import SourcePlace

    source = "import os\ndef handler(event, context):\n    return os.getpid()\n"
    live.write("app.py", source)
    await live.serve(function("app.handler", place=SourcePlace(file="infra.py", line=3), asset_hash="a"))
    before = await live.answer()
    await live.serve(function("app.handler", place=SourcePlace(file="infra.py", line=4), asset_hash="b"))

    assert await live.answer() == before


async def test_removed_function_is_unknown_with_a_suggestion(live: Live) -> None:
    from sundog.live.session import UnknownFunction

    await live.handler("def handler(event, context):\n    return 1\n", "notes")
    with pytest.raises(UnknownFunction, match="no function `local-app-note` runs") as caught:
        await live.invoke(name="note")

    assert caught.value.why == "the closest is `local-app-notes`"


async def test_tree_of_many_ignored_files_starts_and_edits(live: Live) -> None:
    shutil.rmtree(live.root / "node_modules", ignore_errors=True)
    for folder in range(50):
        place = live.root / "data" / str(folder)
        place.mkdir(parents=True)
        for number in range(100):
            (place / f"{number}.txt").touch()
    async with live_session(live.root) as other:
        await other.handler(VERSIONED.format(version=1))
        await other.answer()
        await other.edit("app.py", VERSIONED.format(version=2))

        assert (await other.answer())[0] == 2
