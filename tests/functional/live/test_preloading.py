from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader

from sundog.live.worker.child.sdk_data import SdkData

from .conftest import Live, function, live_session

pytestmark = pytest.mark.anyio


@pytest.fixture
def environment(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A virtual environment of its own: its interpreter and the folder of its packages."""
    place = tmp_path_factory.mktemp("venv") / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    return str(place / "bin" / "python"), place / "lib" / version / "site-packages"


def zygote_has(live: Live) -> set[str]:
    (zygote,) = live.session.python.zygotes.values()
    return set(zygote.preloaded)


def sdk_files(live: Live) -> tuple[str, ...]:
    (zygote,) = live.session.python.zygotes.values()
    return zygote.sdk_files


async def test_installed_module_is_imported_once_for_all_workers(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, packages = environment
    (packages / "library.py").write_text("import os\nIMPORTED_BY = os.getpid()\n")
    async with live_session(tmp_path, python=python) as live:
        await live.handler(
            "import os, library\ndef handler(event, context):\n    return [library.IMPORTED_BY, os.getpid()]\n"
        )
        first = await live.answer()
        await live.until(lambda: "library" in zygote_has(live), "the zygote's import")
        live.write("app.py", "# edited\n" + (live.root / "app.py").read_text())
        await live.until(lambda: any(one.reason == "edit" for one in live.ready), "a new environment")
        second = await live.answer()
        known = json.loads((live.session.state_dir / "preload.json").read_text())

    assert first[0] == first[1]
    assert second[0] != second[1]
    assert "library" in known[python]["modules"]
    assert "app" not in known[python]["modules"]


async def test_module_that_reads_a_variable_which_differs_is_imported_in_each_worker(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, packages = environment
    (packages / "coloured.py").write_text("import os\nCOLOUR = os.environ.get('COLOUR')\n")
    (packages / "plain.py").write_text("import os\nREGION = os.environ['AWS_REGION']\n")
    async with live_session(tmp_path, python=python) as live:
        live.write(
            "app.py",
            "import coloured, plain\ndef handler(event, context):\n    return [coloured.COLOUR, plain.REGION]\n",
        )
        await live.serve(
            function("app.handler", "red", environment={"COLOUR": "red"}),
            function("app.handler", "blue", environment={"COLOUR": "blue"}),
        )
        before = [await live.answer(name="red"), await live.answer(name="blue")]
        await live.until(lambda: "plain" in zygote_has(live), "the zygote's import of plain")
        live.write("app.py", "# edited\n" + (live.root / "app.py").read_text())
        await live.until(
            lambda: len([one for one in live.ready if one.reason == "edit"]) >= 2, "new environments"
        )
        after = [await live.answer(name="red"), await live.answer(name="blue")]

        assert before == after == [["red", "us-east-1"], ["blue", "us-east-1"]]
        assert "coloured" not in zygote_has(live)


async def test_module_that_starts_a_thread_is_imported_in_each_worker(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, packages = environment
    (packages / "threaded.py").write_text(
        "import threading, time\nTHREAD = threading.Thread(target=time.sleep, args=(600,), daemon=True)\nTHREAD.start()\n"
    )
    (packages / "plain.py").write_text("X = 1\n")
    async with live_session(tmp_path, python=python) as live:
        await live.handler(
            "import threaded, plain\ndef handler(event, context):\n    return threaded.THREAD.is_alive()\n"
        )
        await live.answer()
        await live.until(lambda: "plain" in zygote_has(live), "the zygote's import of plain")
        live.write("app.py", "# edited\n" + (live.root / "app.py").read_text())
        await live.until(lambda: any(one.reason == "edit" for one in live.ready), "a new environment")

        assert await live.answer() is True
        assert "threaded" not in zygote_has(live)


async def test_changed_package_starts_functions_anew(tmp_path: Path, environment: tuple[str, Path]) -> None:
    python, packages = environment
    (packages / "library.py").write_text("VALUE = 1\n")
    async with live_session(tmp_path, python=python) as live:
        await live.handler("import library\ndef handler(event, context):\n    return library.VALUE\n")
        first = await live.answer()
        await live.until(lambda: "library" in zygote_has(live), "the zygote's import")
        # Another size as well: Python's bytecode cache tells versions apart by whole seconds and size.
        (packages / "library.py").write_text("VALUE = 1000\n")
        await live.until(lambda: any(one.reason == "edit" for one in live.ready), "a new environment")

        assert (first, await live.answer()) == (1, 1000)


async def test_projects_module_wins_over_an_installed_one_of_the_same_name(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, packages = environment
    (packages / "library.py").write_text("VALUE = 'installed'\n")
    async with live_session(tmp_path, python=python) as live:
        live.write("one/app.py", "import library\ndef handler(event, context):\n    return library.VALUE\n")
        live.write("two/app.py", "import library\ndef handler(event, context):\n    return library.VALUE\n")
        live.write("two/library.py", "VALUE = 'own'\n")
        await live.serve(
            function("one/app.handler", "one", source="one"), function("two/app.handler", "two", source="two")
        )
        first = await live.answer(name="one")
        await live.until(lambda: "library" in zygote_has(live), "the zygote's import")

        assert (first, await live.answer(name="two")) == ("installed", "own")


async def test_a_file_that_is_no_module_does_not_have_an_installed_one_imported_again(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, packages = environment
    (packages / "library.py").write_text("import os\nIMPORTED_BY = os.getpid()\n")
    async with live_session(tmp_path, python=python) as live:
        live.write("library.json", "{}")
        live.write("library/README.md", "A folder of documents.\n")
        await live.handler(
            "import os, library\ndef handler(event, context):\n    return [library.IMPORTED_BY, os.getpid()]\n"
        )
        await live.answer()
        await live.until(lambda: "library" in zygote_has(live), "the zygote's import")
        live.write("app.py", "# edited\n" + (live.root / "app.py").read_text())
        await live.until(lambda: any(one.reason == "edit" for one in live.ready), "a new environment")
        imported_by, worker = await live.answer()

    assert imported_by != worker


async def test_sundog_runtime_can_be_imported_where_it_is_not_installed(
    tmp_path: Path, environment: tuple[str, Path]
) -> None:
    python, _ = environment
    async with live_session(tmp_path, python=python) as live:
        await live.handler(
            "import sundog_runtime\ndef handler(event, context):\n    return sundog_runtime.__name__\n"
        )

        assert await live.answer() == "sundog_runtime"


CLIENTS = """\
import json

from botocore.loaders import JSONFileLoader

parsed = []
parse = json.loads


def counted(text, **options):
    if len(text) > 20_000:
        parsed.append(len(text))
    return parse(text, **options)


json.loads = counted
import boto3

client = boto3.client("sqs", region_name="us-east-1")
by_first = len(parsed)
other = boto3.session.Session().client("sqs", region_name="us-east-1")


def handler(event, context):
    return {
        "by_first": by_first,
        "by_other": len(parsed) - by_first,
        "operations": client.meta.service_model.operation_names,
        "shared": client.meta.service_model.metadata is other.meta.service_model.metadata,
    }
"""


async def test_what_the_aws_sdk_reads_for_a_client_is_parsed_once_for_all_workers(tmp_path: Path) -> None:
    async with live_session(tmp_path) as live:
        await live.handler(CLIENTS)
        first = await live.answer()

        async def edit() -> dict[str, object]:
            count = len(live.ready)
            live.write("app.py", "# edited\n" + (live.root / "app.py").read_text())
            await live.until(lambda: len(live.ready) > count, "a new environment")
            answer = await live.answer()
            assert isinstance(answer, dict)
            return answer

        await live.until(lambda: "botocore.loaders" in zygote_has(live), "the zygote's import")
        await edit()
        await live.until(lambda: sdk_files(live), "the zygote's parse")
        later = await edit()

    assert first["by_first"] > 0
    assert later["by_first"] == 0
    # Each session of the SDK has objects of its own, as without sundog.
    assert later["by_other"] == first["by_other"] > 0
    assert later["shared"] is False
    assert later["operations"] == first["operations"]


def test_a_file_of_the_aws_sdk_that_was_changed_is_parsed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JSONFileLoader, "load_file", JSONFileLoader.load_file)  # put back afterwards
    for name, value in (("kept", 1), ("changed", 1)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"value": value}))
    data = SdkData()
    data.prepare([str(tmp_path / "kept"), str(tmp_path / "changed"), str(tmp_path / "missing")])
    data.install()
    (tmp_path / "changed.json").write_text(json.dumps({"value": 1000}))
    load = JSONFileLoader().load_file

    assert load(str(tmp_path / "kept")) == {"value": 1}
    assert load(str(tmp_path / "changed")) == {"value": 1000}
    assert load(str(tmp_path / "missing")) is None
    assert data.read == [str(tmp_path / "kept"), str(tmp_path / "changed")]
