"""What the machine may do to a session: ports, rights, space, the clock, the network, the project's place."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import socket
import subprocess
import textwrap
from urllib.parse import urlsplit

import pytest

pytestmark = [pytest.mark.xdist_group("trials"), pytest.mark.timeout(300)]

OFFLINE = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "all_proxy": "http://127.0.0.1:9",
    "UV_OFFLINE": "1",
    "npm_config_offline": "true",
}


def error_of(dev, code):
    """The error that ended a session."""
    status = dev.wait(60)
    error = next((event for event in dev.events if event["type"] == "Error"), None)
    assert error is not None, dev.output
    assert error["code"] == code, dev.output
    assert error["exit_code"] == status
    assert "Traceback" not in dev.output
    return error


def test_a_taken_port_is_named_with_who_holds_it_and_free_again_it_is_used(fresh_trials, start_dev, echo):
    root = fresh_trials()
    port = int((root / ".sundog" / "local" / "cloud" / "port").read_text())
    with socket.create_server(("127.0.0.1", port)):
        error = error_of(start_dev(root), "SD-CLOUD-005")

    assert str(port) in error["what"]
    assert str(os.getpid()) in error["why"]

    dev = start_dev(root).wait_until_ready()

    assert urlsplit(dev.ready["endpoint_url"]).port == port
    assert echo(dev)["id"] == "x"


def test_a_folder_that_cannot_be_written_is_named(fresh_trials, start_dev, left_behind):
    prefix = ()
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip(
                "root may write everywhere, and setpriv (util-linux) is not there to take that right away"
            )
        prefix = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
    root = fresh_trials()
    shutil.rmtree(root / ".sundog")
    root.chmod(0o555)
    try:
        error = error_of(start_dev(root, prefix=prefix), "SD-CONFIG-012")
    finally:
        root.chmod(0o755)

    assert str(root / ".sundog") in error["what"]
    assert not left_behind(root)


@pytest.fixture
def silent_index():
    """A package index that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        yield server


@pytest.mark.parametrize("interrupt", [os.kill, os.killpg], ids=["the command", "all in the terminal"])
def test_an_interrupt_while_packages_are_awaited_ends_the_command(
    fresh_trials, start_dev, silent_index, tmp_path, still_alive, interrupt
):
    port = silent_index.getsockname()[1]
    environ = {
        "SUNDOG_CACHE_DIR": str(tmp_path / "cache"),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_DEFAULT_INDEX": f"http://127.0.0.1:{port}/simple",
        "UV_NO_CONFIG": "1",
    }
    dev = start_dev(fresh_trials(), environ=environ)
    asking, _ = silent_index.accept()
    with asking:
        family = dev.family()
        assert any("pip install" in command for command in family.values()), family
        interrupt(dev.process.pid, signal.SIGINT)
        status = dev.wait(20)

    assert status == 130, dev.output
    errors = [event["code"] for event in dev.events if event["type"] == "Error"]
    assert errors == ["SD-CANCELLED"], dev.output
    assert not still_alive(family)
    assert [path.name for path in (tmp_path / "cache" / "embedded-cloud").iterdir() if path.is_dir()] == []


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own with little room."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "sundog-test", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """Leave no room; return the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC  # noqa: PT017 - what ends the loop
    return ballast


def test_a_full_disk_is_said_and_with_room_again_all_goes_on(
    synthesized_trials, small_disk, start_dev, echo, waiting
):
    root = small_disk / "app"
    shutil.copytree(synthesized_trials[1], root, ignore=shutil.ignore_patterns(".sundog"))
    ballast = fill(small_disk)
    first = start_dev(root)
    status = first.wait(60)
    errors = [event for event in first.events if event["type"] == "Error"]

    assert status in {1, 3, 4}, first.output
    assert "SD-BUG" not in first.output
    assert any("disk is full" in text for text in errors[0]["fix"]), first.output

    ballast.unlink()
    dev = start_dev(root).wait_until_ready()
    ballast = fill(small_disk)

    assert echo(dev)["version"] == 0
    assert dev.request("PUT", "/kept/full", b"kept although the disk is full")[0] == 204

    ballast.unlink()
    mark = dev.mark()
    dev.edit("functions/echo.py", "VERSION = 0", "VERSION = 1")
    dev.wait_for("FilesChanged", since=mark)

    assert echo(dev)["version"] == 1
    assert dev.request("GET", "/kept/full")[1] == {"text": "kept although the disk is full"}

    snapshots = root / ".sundog" / "local" / "cloud" / "snapshots"
    waiting(
        lambda: any(
            "kept although" in file.read_text("utf-8", "replace")
            for file in snapshots.glob("[0-9]*/dynamodb.json")
        ),
        lambda: (root / ".sundog" / "local" / "cloud" / "log").read_text()[-2000:],
        # After an attempt that took long the next comes ten times as long after it.
        seconds=60,
    )
    dev.interrupt()


def test_a_clock_set_back_by_a_day(fresh_trials, start_dev, echo, hold, tmp_path, monkeypatch):
    offset = tmp_path / "offset"
    offset.write_text("0")
    (tmp_path / "sitecustomize.py").write_text(
        textwrap.dedent("""
            import os, time
            def time_(real=time.time):
                return real() + float(open(os.environ["CLOCK_OFFSET"]).read() or 0)
            time.time = time_
        """)
    )
    environ = {"PYTHONPATH": str(tmp_path), "CLOCK_OFFSET": str(offset)}
    dev = start_dev(fresh_trials(), environ=environ).wait_until_ready()
    held = hold(dev)
    before = echo(dev)
    at = dev.wait_for("InvocationFinished")["at"]
    dev.request("PUT", "/kept/clock", b"before")

    replaced = tmp_path / "offset.new"
    replaced.write_text("-86400")
    replaced.replace(offset)
    mark = dev.mark()
    held.release()
    status, body = held.answer.result(30)
    finished = dev.wait_for("InvocationFinished", since=mark, where=lambda event: "hold" in event["function"])

    assert status == 200
    assert 0 < body["remaining"] <= 60_000
    assert finished["outcome"] == "ok"
    assert finished["at"] < at

    mark = dev.mark()
    dev.edit("functions/echo.py", "VERSION = 0", "VERSION = 1")
    dev.wait_for("FilesChanged", since=mark)

    assert echo(dev)["version"] == before["version"] + 1
    assert dev.request("GET", "/kept/clock") == (200, {"text": "before"})

    mark = dev.mark()
    dev.edit("app.py", "ApiUrl=api.url", 'ApiUrl=api.url, Edited="1"')
    finished = dev.wait_for("DeployFinished", since=mark, seconds=60)

    assert finished["ok"], finished
    assert dev.interrupt() == 130


def test_a_project_reached_through_a_link(fresh_trials, start_dev, echo, tmp_path):
    link = tmp_path / "lïnk to it"
    link.symlink_to(fresh_trials(), target_is_directory=True)
    dev = start_dev(link).wait_until_ready()
    echo(dev)
    mark = dev.mark()

    dev.edit("functions/words.py", "word 0", "through the link")
    dev.wait_for("FilesChanged", since=mark)

    assert echo(dev)["word"] == "through the link"


def test_all_works_without_a_network(fresh_trials, start_dev, echo):
    root = fresh_trials()
    (root / ".sundog" / "local" / "synth.json").unlink()
    dev = start_dev(root, environ=OFFLINE).wait_until_ready()

    assert dev.wait_for("SynthFinished")["origin"] == "cold"
    assert echo(dev)["version"] == 0
    assert dev.request("PUT", "/kept/offline", b"kept")[0] == 204
    assert dev.request("GET", "/kept/offline") == (200, {"text": "kept"})

    mark = dev.mark()
    dev.edit("functions/echo.py", "VERSION = 0", "VERSION = 1")
    dev.wait_for("FilesChanged", since=mark)

    assert echo(dev)["version"] == 1
