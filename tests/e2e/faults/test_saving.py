"""However a file comes to be saved, the next request runs what it says, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]

ECHO = "functions/echo.py"
WORDS = "functions/words.py"


ANOTHER = """VERSION = {version}


def handler(event, context):
    return {{"version": VERSION, "id": "x", "word": "word 0"}}
"""


@pytest.fixture
def dev(trials, echo):
    """The shared session; all files are put back, and the session serves them, when the test is over."""
    functions = trials.root / "functions"
    originals = {path: path.read_bytes() for path in functions.glob("*.py")}
    echo(trials)
    yield trials
    for path, content in originals.items():
        if path.is_symlink():
            path.unlink()
        if not path.exists() or path.read_bytes() != content:
            mark = trials.mark()
            path.write_bytes(content)
            seen(trials, mark, path.relative_to(trials.root).as_posix())
    assert echo(trials)["version"] == 0
    assert echo(trials)["word"] == "word 0"


def version_text(dev, version):
    return (dev.root / ECHO).read_text("utf-8").replace("VERSION = 0", f"VERSION = {version}")


def seen(dev, mark, file=ECHO):
    dev.wait_for("FilesChanged", since=mark, where=lambda event: file in event["files"])


def test_a_file_written_beside_and_renamed(dev, echo):
    path = dev.root / ECHO
    for version in (1, 2):
        beside = path.with_name("echo.py.new")
        beside.write_text(ANOTHER.format(version=version), "utf-8")
        mark = dev.mark()

        beside.replace(path)
        seen(dev, mark)

        assert echo(dev)["version"] == version


def test_a_file_moved_away_and_written_anew_as_vim_does(dev, echo):
    path = dev.root / ECHO
    mark = dev.mark()

    path.rename(path.with_name("echo.py~"))
    path.write_text(ANOTHER.format(version=3), "utf-8")
    path.with_name("echo.py~").unlink()
    seen(dev, mark)

    assert echo(dev)["version"] == 3


def test_a_deleted_handler_is_an_error_until_it_is_restored(dev, echo):
    path, text = dev.root / ECHO, version_text(dev, 0)
    mark = dev.mark()

    path.unlink()
    seen(dev, mark)
    status, _ = dev.request("GET", "/echo?id=x")
    failed = dev.wait_for("InitFailed", since=mark)

    assert status == 500
    assert failed["error"]["error_type"] == "Runtime.ImportModuleError"

    mark = dev.mark()
    path.write_text(text, "utf-8")
    seen(dev, mark)

    assert echo(dev)["version"] == 0


def test_a_half_written_file_is_an_error_until_it_is_whole(dev, echo):
    path, text = dev.root / ECHO, version_text(dev, 5)
    half = text.index('"version": VERSION')
    mark = dev.mark()

    with path.open("w", encoding="utf-8") as file:
        file.write(text[:half])
        file.flush()
        os.fsync(file.fileno())
        seen(dev, mark)
        status, _ = dev.request("GET", "/echo?id=x")
        mark = dev.mark()
        file.write(text[half:])
    seen(dev, mark)

    assert status == 500
    assert echo(dev)["version"] == 5


def test_five_hundred_saves_in_a_burst_end_with_the_last_one(dev, echo):
    path, mark = dev.root / ECHO, dev.mark()
    texts = [version_text(dev, number) for number in range(1, 501)]

    for text in texts:
        path.write_text(text, "utf-8")
    dev.wait_for(
        "FilesChanged",
        since=mark,
        where=lambda _: dev.request("GET", "/echo?id=x")[1].get("version") == 500,
    )

    assert {echo(dev)["version"] for _ in range(5)} == {500}


def test_a_handler_that_is_a_link(dev, echo, tmp_path):
    path, target, text = dev.root / ECHO, tmp_path / "elsewhere.py", version_text(dev, 9)
    target.write_text(ANOTHER.format(version=6), "utf-8")
    beside = path.with_name("link.new")
    beside.symlink_to(target)
    mark = dev.mark()

    beside.replace(path)
    seen(dev, mark)

    assert echo(dev)["version"] == 6

    beside.write_text(text, "utf-8")
    mark = dev.mark()
    beside.replace(path)
    seen(dev, mark)

    assert {echo(dev)["version"] for _ in range(5)} == {9}


def test_a_link_to_another_file_of_the_project_is_followed(dev, echo):
    path, target = dev.root / ECHO, dev.root / "functions" / "target.py"
    target.write_text(ANOTHER.format(version=10), "utf-8")
    beside = path.with_name("link.new")
    beside.symlink_to("target.py")
    mark = dev.mark()
    beside.replace(path)
    seen(dev, mark)

    assert echo(dev)["version"] == 10

    mark = dev.mark()
    target.write_text(ANOTHER.format(version=11), "utf-8")
    seen(dev, mark, "functions/target.py")

    assert echo(dev)["version"] == 11


def test_a_virtual_environment_made_meanwhile_replaces_nothing(dev, echo):
    process = echo(dev)["process"]
    mark = dev.mark()
    folder = dev.root / ".venv" / "lib" / "python3.11" / "site-packages"

    folder.mkdir(parents=True)
    for number in range(500):
        (folder / f"module_{number}.py").write_text("", "utf-8")
    (dev.root / "notes.txt").write_text("of nobody's interest", "utf-8")
    dev.wait_for("FilesChanged", since=mark, where=lambda event: "notes.txt" in event["files"])
    changed = {
        file for event in dev.events[mark:] if event["type"] == "FilesChanged" for file in event["files"]
    }

    assert changed == {"notes.txt"}
    assert echo(dev)["process"] == process

    shutil.rmtree(dev.root / ".venv")


def test_ten_thousand_files_come_and_an_edit_is_still_seen(dev, echo):
    data = dev.root / "data"
    for number in range(100):
        folder = data / f"{number}"
        folder.mkdir(parents=True)
        for inner in range(100):
            (folder / f"{inner}.json").touch()
    mark = dev.mark()

    dev.edit(ECHO, "VERSION = 0", "VERSION = 7")
    seen(dev, mark)

    assert echo(dev)["version"] == 7

    mark = dev.mark()
    (data / "99" / "late.json").touch()
    dev.wait_for("FilesChanged", since=mark, where=lambda event: "data/99/late.json" in event["files"])
    shutil.rmtree(data)


def test_a_checkout_that_switches_many_files(dev, echo):
    def git(*arguments):
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        subprocess.run([*command, *arguments], cwd=dev.root, check=True, capture_output=True, timeout=60)

    (dev.root / ".gitignore").write_text(".sundog\n__pycache__\n", "utf-8")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    git("checkout", "-q", "-b", "other")
    mark = dev.mark()
    dev.edit(ECHO, "VERSION = 0", "VERSION = 8")
    dev.edit(WORDS, "word 0", "word of the branch")
    for number in range(100):
        (dev.root / "functions" / f"new_{number}.py").write_text(f"N = {number}\n", "utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "two")
    seen(dev, mark, WORDS)

    mark = dev.mark()
    git("checkout", "-q", "main")
    seen(dev, mark, WORDS)
    seen(dev, mark)
    on_main = echo(dev)
    mark = dev.mark()
    git("checkout", "-q", "other")
    seen(dev, mark, WORDS)
    seen(dev, mark)
    on_other = echo(dev)
    git("checkout", "-q", "main")
    shutil.rmtree(dev.root / ".git")

    assert (on_main["version"], on_main["word"]) == (0, "word 0")
    assert (on_other["version"], on_other["word"]) == (8, "word of the branch")
